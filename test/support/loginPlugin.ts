/**
 * Source of an OpenCode plugin that gives the provider "acme" two logins and a key: one by the code
 * `good-code` of a page at `origin`, one that ends by itself after as many milliseconds as the answer
 * `wait` says.
 */
export function loginPlugin(origin: string): string {
  return `
const stored = (name) => ({ type: 'success', refresh: 'refresh-' + name, access: 'access-' + name, expires: Date.now() + 3600000 })

export const Login = async () => ({
  auth: {
    provider: 'acme',
    loader: async (getAuth) => {
      const auth = await getAuth()
      return auth && auth.type === 'oauth' ? { apiKey: auth.access } : {}
    },
    methods: [
      {
        type: 'oauth',
        label: 'Acme account',
        prompts: [
          { type: 'select', key: 'plan', message: 'Which plan?', options: [
            { label: 'Free', value: 'free', hint: 'no card' },
            { label: 'Team', value: 'team' },
          ] },
          { type: 'text', key: 'host', message: 'Host of your team', placeholder: 'acme.example', when: { key: 'plan', op: 'eq', value: 'team' } },
        ],
        authorize: async (answers) => ({
          url: '${origin}/authorize?plan=' + answers.plan,
          instructions: 'Paste the code of the page.',
          method: 'code',
          callback: async (code) => (code === 'good-code' ? stored('code') : { type: 'failed' }),
        }),
      },
      {
        type: 'oauth',
        label: 'Acme in the browser',
        authorize: async (answers) => ({
          url: '${origin}/wait',
          instructions: 'Compare the code AB-12.',
          method: 'auto',
          callback: async () => {
            await new Promise((resolve) => setTimeout(resolve, Number((answers && answers.wait) || 5000)))
            return stored('browser')
          },
        }),
      },
      { type: 'api', label: 'Acme API key' },
    ],
  },
})
`
}
