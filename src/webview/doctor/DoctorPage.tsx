import type {
  DoctorFacts,
  DoctorFinding,
  DoctorRemedy,
  DoctorState,
  DoctorStep,
} from '../../opencode/doctor.ts'
import { doctorTitles } from '../../opencode/doctor.ts'
import type { DoctorAct } from '../../protocol/doctor.ts'
import { Button, Icon } from '../components/Icon.tsx'

interface PageProps {
  readonly state: DoctorState
  readonly act: (act: DoctorAct) => void
}

/** The whole page: what was found step by step, then the facts for a report. */
export function DoctorPage({ state, act }: PageProps) {
  const { server, steps, isRunning, prompt, facts, log } = state
  return (
    <main class="doctor">
      <header class="doctor-header">
        <h1>OpenCode Doctor</h1>
        <p class="dim" dir="auto">
          {server}
        </p>
        <p role="status" class="doctor-summary">
          {summaryOf(state)}
        </p>
        <div class="doctor-buttons">
          {isRunning ? (
            <Button onClick={() => act('cancel')}>Cancel</Button>
          ) : (
            <Button kind="primary" onClick={() => act('run')}>
              Run again
            </Button>
          )}
          <Button onClick={() => act('copyReport')}>Copy report</Button>
          <Button onClick={() => act('showLog')}>Show log</Button>
          <Button onClick={() => act('showServerLog')}>Show server log</Button>
        </div>
      </header>
      <ol class="doctor-steps" aria-label="Steps">
        {steps.map((step) => (
          <Step key={step.id} step={step} prompt={step.id === 'model' ? prompt : undefined} act={act} />
        ))}
      </ol>
      {facts.map((table) => (
        <Facts key={table.title} facts={table} act={act} />
      ))}
      <details class="doctor-facts">
        <summary>Log ({log.length} lines)</summary>
        <pre tabIndex={0} role="group" aria-label="Log" dir="ltr">
          {log.join('\n')}
        </pre>
      </details>
    </main>
  )
}

const icons: { readonly [S in DoctorStep['state']]: string } = {
  waiting: 'circle-large-outline',
  running: 'loading',
  pass: 'pass',
  warn: 'warning',
  fail: 'error',
  skipped: 'circle-slash',
}

const words: { readonly [S in DoctorStep['state']]: string } = {
  waiting: 'Not looked at yet',
  running: 'Looking',
  pass: 'Good',
  warn: 'Warning',
  fail: 'Failed',
  skipped: 'Skipped',
}

interface StepProps extends Pick<PageProps, 'act'> {
  readonly step: DoctorStep
  readonly prompt: DoctorState['prompt']
}

function Step({ step: { id, state, ms, finding }, prompt, act }: StepProps) {
  return (
    <li class={`doctor-step ${state}`}>
      <Icon name={icons[state]} spin={state === 'running'} />
      <div class="doctor-step-body">
        <h2>
          {doctorTitles[id]}
          <span class="visually-hidden">: {words[state]}</span>
          {ms === undefined ? undefined : <span class="dim doctor-time">{formatTime(ms)}</span>}
        </h2>
        {finding ? <Finding finding={finding} act={act} isBusy={prompt?.isRunning === true} /> : undefined}
        {prompt ? <Prompt prompt={prompt} act={act} /> : undefined}
      </div>
    </li>
  )
}

function Prompt({
  prompt,
  act,
}: Pick<PageProps, 'act'> & { readonly prompt: NonNullable<DoctorState['prompt']> }) {
  if (prompt.finding) {
    const { verdict } = prompt.finding
    return (
      <div class={`doctor-prompt doctor-step ${verdict}`} role="status">
        <Icon name={icons[verdict]} />
        <div class="doctor-step-body">
          <Finding finding={prompt.finding} act={act} />
        </div>
      </div>
    )
  }
  return (
    <p class="dim" role="status">
      <Icon name="loading" spin /> Waiting for the model…
    </p>
  )
}

const remedyLabels: { readonly [R in DoctorRemedy]: string } = {
  connectToServer: 'Connect to server',
  cleanUpContainers: 'Clean up containers',
  installEngine: 'Install Podman',
  installOpencode: 'How to install OpenCode',
  manageTrust: 'Manage trust',
  openConfiguration: 'Open opencode.json',
  openFolder: 'Open folder',
  openSettings: 'Open settings',
  restartServer: 'Restart server',
  setProviderKey: 'Set provider API key',
  showContainerLog: 'Show container log',
  showLog: 'Show log',
  showServerLog: 'Show server log',
  tryPrompt: 'Try a prompt (a few tokens)',
}

interface FindingProps extends Pick<PageProps, 'act'> {
  readonly finding: DoctorFinding
  readonly isBusy?: boolean
}

function Finding({ finding: { text, detail, remedies = [] }, act, isBusy = false }: FindingProps) {
  return (
    <>
      <p dir="auto">{text}</p>
      {detail ? (
        <details>
          <summary>Details</summary>
          <pre tabIndex={0} role="group" aria-label="Details" dir="ltr">
            {detail}
          </pre>
        </details>
      ) : undefined}
      {remedies.length > 0 ? (
        <div class="doctor-buttons">
          {remedies.map((remedy) => (
            <Button key={remedy} disabled={isBusy && remedy === 'tryPrompt'} onClick={() => act(remedy)}>
              {remedyLabels[remedy]}
            </Button>
          ))}
        </div>
      ) : undefined}
    </>
  )
}

function Facts({ facts: { title, rows }, act }: { readonly facts: DoctorFacts } & Pick<PageProps, 'act'>) {
  return (
    <details class="doctor-facts">
      <summary>{title}</summary>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
      </dl>
      {title === 'Numbers' ? (
        <Button kind="link" onClick={() => act('resetNumbers')}>
          Count from zero
        </Button>
      ) : undefined}
    </details>
  )
}

function summaryOf({ isRunning, steps }: DoctorState): string {
  const running = steps.find(({ state }) => state === 'running')
  if (isRunning) return running ? `Looking at: ${doctorTitles[running.id]}…` : 'Looking…'
  const failed = steps.filter(({ state }) => state === 'fail').length
  const warned = steps.filter(({ state }) => state === 'warn').length
  if (failed > 0) return failed === 1 ? 'One step failed.' : `${failed} steps failed.`
  if (steps.some(({ state, ms }) => state === 'skipped' && ms === undefined)) return 'Cancelled.'
  return warned > 0 ? 'It works, with warnings.' : 'All is well.'
}

function formatTime(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`
}
