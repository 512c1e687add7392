import { sendJson, startTestServer } from '../../../client/support/testServer.ts'

export const deployment = {
  kind: 'Deployment',
  metadata: { name: 'opencode', labels: { 'app.kubernetes.io/name': 'opencode' } },
  status: { readyReplicas: 1 },
  spec: {
    replicas: 1,
    template: {
      spec: {
        containers: [
          {
            image: 'example/opencode-sessions:1',
            ports: [{ containerPort: 4096 }],
            env: [{ name: 'OPENCODE_SERVER_PASSWORD_FILE', value: '/etc/opencode-password/password' }],
            volumeMounts: [{ name: 'password', mountPath: '/etc/opencode-password' }],
          },
        ],
        volumes: [{ name: 'password', secret: { secretName: 'opencode-password' } }],
      },
    },
  },
}
export const service = {
  kind: 'Service',
  metadata: { name: 'opencode' },
  spec: { type: 'ClusterIP', selector: { app: 'opencode' }, ports: [{ port: 4096 }] },
}
export const pod = {
  kind: 'Pod',
  metadata: { name: 'web-1' },
  status: { phase: 'Running' },
  spec: {
    containers: [
      {
        image: 'nginx',
        ports: [{ containerPort: 80 }],
        env: [
          {
            name: 'OPENCODE_SERVER_PASSWORD',
            valueFrom: { secretKeyRef: { name: 'by-variable', key: 'word' } },
          },
        ],
      },
    ],
  },
}

/** As much of the API of a cluster as kubectl asks for to list three kinds. */
export function startApiServer() {
  const core = [
    { name: 'pods', kind: 'Pod', namespaced: true, verbs: ['get', 'list'] },
    { name: 'services', kind: 'Service', namespaced: true, verbs: ['get', 'list'] },
    { name: 'namespaces', kind: 'Namespace', namespaced: false, verbs: ['get', 'list'] },
  ]
  const apps = [{ name: 'deployments', kind: 'Deployment', namespaced: true, verbs: ['get', 'list'] }]
  const version = { groupVersion: 'apps/v1', version: 'v1' }
  const list = (kind: string, apiVersion: string, item: object) => ({
    kind: `${kind}List`,
    apiVersion,
    metadata: {},
    items: [{ ...item, apiVersion }],
  })
  const status = (code: number, reason: string, message: string) => ({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    code,
    reason,
    message,
  })
  const answers: Readonly<Record<string, unknown>> = {
    '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
    '/apis': {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: [{ name: 'apps', versions: [version], preferredVersion: version }],
    },
    '/api/v1': { kind: 'APIResourceList', groupVersion: 'v1', resources: core },
    '/apis/apps/v1': { kind: 'APIResourceList', groupVersion: 'apps/v1', resources: apps },
    '/api/v1/namespaces/default/pods': list('Pod', 'v1', pod),
    '/api/v1/namespaces/default/services': list('Service', 'v1', service),
    '/apis/apps/v1/namespaces/default/deployments': list('Deployment', 'apps/v1', deployment),
    '/apis/apps/v1/namespaces/default/deployments/opencode': { ...deployment, apiVersion: 'apps/v1' },
  }
  return startTestServer((request, response) => {
    const place = (request.url ?? '').split('?')[0] ?? ''
    const answer = answers[place]
    if (place === '/api/v1/namespaces') {
      sendJson(
        response,
        403,
        status(403, 'Forbidden', 'namespaces is forbidden: User "u" cannot list resource'),
      )
    } else if (answer === undefined) sendJson(response, 404, status(404, 'NotFound', `"${place}" not found`))
    else sendJson(response, 200, answer)
  })
}

/** A configuration of kubectl with one context, for an API server. */
export function kubeConfig(url: string): string {
  return `apiVersion: v1\nkind: Config\ncurrent-context: test\nclusters: [{name: c, cluster: {server: "${url}"}}]\ncontexts: [{name: test, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {}}]\n`
}
