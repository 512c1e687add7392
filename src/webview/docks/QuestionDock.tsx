import { useState } from 'preact/hooks'
import type { Question, QuestionRequest } from '../../session/model.ts'
import type { SessionState } from '../../session/state.ts'
import { useApp } from '../app.ts'
import { Asker } from './Asker.tsx'
import { Button, Icon } from '../components/Icon.tsx'
import { useFocusBack, useGuard } from './guard.ts'

interface Answer {
  readonly picked: readonly string[]
  readonly own: string
  readonly isOwn: boolean
}

const noAnswer: Answer = { picked: [], own: '', isOwn: false }

interface DockProps {
  readonly request: QuestionRequest
  readonly position: string
  readonly state: SessionState
}

/** Questions of the model, one after another: options to pick, or an own text. */
export function QuestionDock({ request, position, state }: DockProps) {
  const { actions } = useApp()
  const { isGuarded, isAnswering, answer } = useGuard(request.id)
  const [answers, setAnswers] = useState<readonly Answer[]>([])
  const [step, setStep] = useState(0)
  const dock = useFocusBack()
  const question = request.questions[Math.min(step, request.questions.length - 1)]
  if (!question) return null
  const current = answers[step] ?? noAnswer
  const blocked = isGuarded || isAnswering
  const isLast = step >= request.questions.length - 1
  const put = (next: Answer): void =>
    setAnswers(
      request.questions.map((_question, index) => (index === step ? next : (answers[index] ?? noAnswer))),
    )
  const submit = (): void =>
    answer(() =>
      actions.replyQuestion(
        request.id,
        request.questions.map((_question, index) => labels(answers[index] ?? noAnswer)),
      ),
    )
  return (
    <section ref={dock} class="dock question" role="group" aria-label="Question" data-request={request.id}>
      <div class="dock-head">
        <Icon name="question" />
        <span class="dock-title" dir="auto">
          {question.header || 'Question'}
        </span>
        <span class="dock-count">{countText(step, request.questions.length, position)}</span>
      </div>
      <Asker request={request} state={state} />
      <div class="dock-body" key={step}>
        <p class="question-text" dir="auto">
          {question.question}
        </p>
        <Options question={question} answer={current} name={`${request.id}-${step}`} onChange={put} />
      </div>
      <div class="dock-buttons">
        {isLast ? (
          <Button kind="primary" disabled={blocked || labels(current).length === 0} onClick={submit}>
            Submit
          </Button>
        ) : (
          <Button kind="primary" disabled={labels(current).length === 0} onClick={() => setStep(step + 1)}>
            Next
          </Button>
        )}
        {step > 0 ? <Button onClick={() => setStep(step - 1)}>Back</Button> : undefined}
        <Button disabled={blocked} onClick={() => answer(() => actions.rejectQuestion(request.id))}>
          Dismiss
        </Button>
      </div>
    </section>
  )
}

interface OptionsProps {
  readonly question: Question
  readonly answer: Answer
  readonly name: string
  readonly onChange: (answer: Answer) => void
}

function Options({ question, answer, name, onChange }: OptionsProps) {
  const type = question.multiple ? 'checkbox' : 'radio'
  return (
    <div class="options" role={question.multiple ? 'group' : 'radiogroup'} aria-label="Options">
      {question.options.map((option) => (
        <label key={option.label} class="option">
          <input
            type={type}
            name={name}
            checked={answer.picked.includes(option.label)}
            onChange={() => onChange(pick(answer, option.label, question.multiple))}
          />
          <span class="option-text" dir="auto">
            <span>{option.label}</span>
            {option.description ? <span class="dim">{option.description}</span> : undefined}
          </span>
        </label>
      ))}
      {question.custom || question.options.length === 0 ? (
        <div class="option">
          <input
            type={type}
            name={name}
            aria-label="Own answer"
            checked={answer.isOwn}
            onChange={() =>
              onChange({ ...answer, picked: question.multiple ? answer.picked : [], isOwn: !answer.isOwn })
            }
          />
          <input
            type="text"
            class="input"
            dir="auto"
            placeholder="Type your own answer"
            aria-label="Your answer"
            value={answer.own}
            onInput={(event) =>
              onChange({
                own: event.currentTarget.value,
                isOwn: true,
                picked: question.multiple ? answer.picked : [],
              })
            }
          />
        </div>
      ) : undefined}
    </div>
  )
}

function pick(answer: Answer, label: string, multiple: boolean): Answer {
  if (!multiple) return { ...answer, picked: [label], isOwn: false }
  const has = answer.picked.includes(label)
  return {
    ...answer,
    picked: has ? answer.picked.filter((other) => other !== label) : [...answer.picked, label],
  }
}

function labels(answer: Answer): readonly string[] {
  const own = answer.isOwn ? answer.own.trim() : ''
  return own ? [...answer.picked, own] : answer.picked
}

function countText(step: number, count: number, position: string): string {
  const steps = count > 1 ? `Question ${step + 1} of ${count}` : ''
  return [steps, position].filter(Boolean).join(' · ')
}
