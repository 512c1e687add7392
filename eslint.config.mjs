import { createNodeResolver, importX } from 'eslint-plugin-import-x'
import tseslint from 'typescript-eslint'

const shared = ['util', 'opencode', 'session', 'protocol']
const node = ['client', 'server', 'sync', 'tasks', 'review', 'mcp']

/** Who may import whom, besides itself; the table of ARCHITECTURE.md. */
const mayImport = {
  util: [],
  opencode: ['util'],
  session: ['opencode', 'util'],
  protocol: ['session', 'opencode', 'util'],
  client: ['session', 'opencode', 'util'],
  server: ['client', 'opencode', 'util'],
  sync: ['client', 'session', 'opencode', 'util'],
  tasks: ['sync', 'server', 'client', 'session', 'opencode', 'util'],
  review: ['server', 'client', 'session', 'opencode', 'util'],
  mcp: ['opencode', 'util'],
  platform: shared,
  profiles: ['platform', 'client', 'server', ...shared],
  prompt: ['platform', ...shared],
  views: ['profiles', 'prompt', 'platform', ...node, ...shared],
  api: ['views', 'profiles', 'prompt', 'platform', ...node, ...shared],
  editor: ['api', 'views', 'profiles', 'prompt', 'platform', ...node, ...shared],
  commands: ['editor', 'api', 'views', 'profiles', 'prompt', 'platform', ...node, ...shared],
  compose: ['commands', 'editor', 'api', 'views', 'profiles', 'prompt', 'platform', ...node, ...shared],
  webview: shared,
}

const layerZones = Object.entries(mayImport).map(([folder, allowed]) => ({
  target: `./src/${folder}`,
  from: './src',
  except: [folder, ...allowed].map((name) => `./${name}`),
  message: `src/${folder} may import only: ${allowed.join(', ') || 'nothing'}. See ARCHITECTURE.md.`,
}))

const wires = ['./src/client/v1', './src/client/v2']
/** Nobody knows which wire a connection speaks, but who picks it. */
const wireZones = [
  {
    target: [
      './src/!(client)/**/*',
      './src/*.ts',
      './src/client/!(connect).ts',
      './src/client/!(v1|v2)/**/*',
    ],
    from: wires,
    message: 'Only src/client/connect.ts may know that there are wires; use Connection.',
  },
  ...wires.map((wire) => ({
    target: wire,
    from: wires.filter((other) => other !== wire),
    message: 'The wires do not know each other; what both need stands in src/client.',
  })),
]

const vscodeImport = { name: 'vscode', message: 'This layer runs without VS Code.' }
const sdkImport = {
  group: ['@opencode-ai/*'],
  message: 'Wire types stay in src/client/v1; use the neutral model of src/session.',
}
const undiciImport = { name: 'undici', message: 'Only src/client talks HTTP.' }

function restrictedImports(paths, patterns = [sdkImport]) {
  return { '@typescript-eslint/no-restricted-imports': ['error', { paths, patterns }] }
}

const showError = {
  selector: 'CallExpression[callee.property.name="showErrorMessage"]',
  message: 'Only platform/notify.ts shows errors.',
}
const changeEnvironment = {
  selector: 'AssignmentExpression[left.object.object.name="process"][left.object.property.name="env"]',
  message: 'The extension host is shared; give a child its own env instead.',
}
const readClock = {
  selector: 'NewExpression[callee.name="Date"], CallExpression[callee.object.name="Date"]',
  message: 'Nothing below src/session reads the clock; take the time as a parameter.',
}

export default tseslint.config(
  { ignores: ['dist/', 'out/', '.cache/', 'node_modules/', 'test/fixtures/'] },
  { files: ['**/*.ts', '**/*.tsx'], extends: [tseslint.configs.strictTypeChecked] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: { 'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.tsx', '.js'] })] },
    rules: {
      'max-lines': ['error', 400],
      // A switch over a tagged union counts once: its cases are checked by the compiler.
      complexity: ['error', { max: 12, variant: 'modified' }],
      'max-params': ['error', 4],
      'max-depth': ['error', 3],
      eqeqeq: 'error',
      'no-console': 'error',
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    rules: {
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'import-x/no-restricted-paths': [
        'error',
        { basePath: import.meta.dirname, zones: [...layerZones, ...wireZones] },
      ],
      'no-restricted-syntax': ['error', showError, changeEnvironment],
      ...restrictedImports([undiciImport]),
    },
  },
  {
    files: ['src/{util,opencode,session,protocol,server,sync,tasks,review,mcp,webview}/**/*.{ts,tsx}'],
    rules: restrictedImports([vscodeImport, undiciImport]),
  },
  { files: ['src/client/**/*.ts'], rules: restrictedImports([vscodeImport]) },
  { files: ['src/client/v1/**/*.ts'], rules: restrictedImports([vscodeImport], []) },
  {
    files: ['src/session/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', readClock, showError, changeEnvironment] },
  },
  { files: ['src/platform/notify.ts'], rules: { 'no-restricted-syntax': ['error', changeEnvironment] } },
  {
    files: ['test/**/*.ts', 'test/**/*.tsx'],
    rules: {
      'max-lines': ['error', 600],
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['scripts/**/*.ts', 'test/support/**/*.ts', 'test/bench/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
)
