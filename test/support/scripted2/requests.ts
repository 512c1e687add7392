import { Config } from './config.ts'
import { ToolFailure } from './tools.ts'
import type { Data, Rule } from './wire.ts'
import { Refusal, textIn } from './wire.ts'
import type { SessionRecord, World } from './world.ts'
import type { PermissionAsked } from './world.ts'
import { newID } from './world.ts'

interface Asked {
  readonly action: string
  readonly resources: readonly string[]
  readonly metadata?: Data
  readonly source: Data
}

/** Permissions and forms that wait for the user. */
export class Requests {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** Resolves when it is allowed. @throws ToolFailure `permission.rejected` */
  async permit(record: SessionRecord, asked: Asked): Promise<void> {
    const effect = this.#effect(record, asked)
    if (effect === 'allow') return
    if (effect === 'deny') throw new ToolFailure('permission.rejected', `A rule denies ${asked.action}.`)
    const reply = await this.#askFor(record, asked)
    if (reply['decision'] !== 'reject') return
    const message = textIn(reply, 'message')
    throw new ToolFailure('permission.rejected', message ?? 'The user rejected it.', message === undefined)
  }

  /** Whether a tool is of no use in a session, and so not offered to the model. */
  isForbidden(record: SessionRecord, action: string): boolean {
    return this.#effect(record, { action, resources: ['*'] }) === 'deny'
  }

  reply(sessionID: string, requestID: string, body: Data): void {
    const waiting = this.#world.permissions.get(requestID)
    if (waiting?.value.sessionID !== sessionID)
      throw new Refusal(404, 'PermissionNotFoundError', `Permission request not found: ${requestID}`)
    const decision = textIn(body, 'decision')
    if (decision !== 'once' && decision !== 'always' && decision !== 'reject')
      throw new Refusal(400, 'InvalidRequestError', 'decision: expected once, always or reject')
    const record = this.#world.session(sessionID)
    if (decision === 'always') this.#saveRules(record, waiting.value)
    this.#settle(record, requestID, body)
    this.#settleOthers(sessionID, decision)
  }

  /** A rejection takes the rest of the session along, a new rule whatever else it allows. */
  #settleOthers(sessionID: string, decision: 'once' | 'always' | 'reject'): void {
    for (const [id, { value }] of this.#world.permissions) {
      const other = this.#world.session(value.sessionID)
      const isRejected = decision === 'reject' && value.sessionID === sessionID
      const isAllowed = decision === 'always' && this.#effect(other, value) === 'allow'
      if (isRejected || isAllowed) this.#settle(other, id, { decision })
    }
  }

  ask(
    record: SessionRecord,
    form: { readonly fields: readonly Data[]; readonly title: string; readonly metadata: Data },
  ): Promise<Data> {
    const value = { id: newID('frm'), sessionID: record.info.id, ...form }
    return new Promise((resolve, reject) => {
      this.#world.forms.set(value.id, {
        value,
        settle: (answer) => {
          this.#world.forms.delete(value.id)
          this.#world.settledForms.add(value.id)
          if (answer['cancelled'] === true)
            reject(new ToolFailure('tool.execution', 'The user dismissed the question.', true))
          else resolve(answer)
        },
      })
      this.#world.hintOf(record, 'form.created', { form: value })
    })
  }

  replyForm(sessionID: string, formID: string, answer: Data): void {
    const { record, form } = this.#form(sessionID, formID)
    const fields = (form.value['fields'] as Data[]).map((field) => String(field['key']))
    const missing = fields.find((key) => answer[key] === undefined)
    if (missing !== undefined)
      throw new Refusal(400, 'FormInvalidAnswerError', `${missing}: an answer is required`)
    form.settle(answer)
    this.#world.hintOf(record, 'form.replied', { id: formID, answer })
  }

  cancelForm(sessionID: string, formID: string): void {
    const { record, form } = this.#form(sessionID, formID)
    form.settle({ cancelled: true })
    this.#world.hintOf(record, 'form.cancelled', { id: formID })
  }

  /** The session was interrupted: nobody waits for the answers any more, and nobody is told. */
  drop(sessionID: string): void {
    for (const waiting of [...this.#world.permissions.values()])
      if (waiting.value.sessionID === sessionID) waiting.settle({ decision: 'reject' })
    for (const waiting of [...this.#world.forms.values()])
      if (waiting.value.sessionID === sessionID) waiting.settle({ cancelled: true })
  }

  #form(sessionID: string, formID: string) {
    const form = this.#world.forms.get(formID)
    if (form?.value.sessionID === sessionID) return { form, record: this.#world.session(sessionID) }
    if (this.#world.settledForms.has(formID))
      throw new Refusal(409, 'FormAlreadySettledError', 'The form is settled already.')
    throw new Refusal(404, 'FormNotFoundError', `Form not found: ${formID}`)
  }

  #askFor(record: SessionRecord, asked: Asked): Promise<Data> {
    const value = { id: newID('per'), sessionID: record.info.id, save: savedRules(asked), ...asked }
    return new Promise((resolve) => {
      const settle = (answer: Data): void => {
        this.#world.permissions.delete(value.id)
        resolve(answer)
      }
      this.#world.permissions.set(value.id, { value, settle })
      this.#world.hintOf(record, 'permission.asked', value)
    })
  }

  #settle(record: SessionRecord, requestID: string, body: Data): void {
    this.#world.permissions.get(requestID)?.settle(body)
    this.#world.hintOf(record, 'permission.replied', { requestID, reply: body['decision'] })
  }

  #saveRules({ info }: SessionRecord, { action, resources, save }: PermissionAsked): void {
    const time = { created: Date.now() }
    const saved = Array.isArray(save) ? save.map(String) : resources
    for (const resource of saved)
      this.#world.saved.push({ id: newID('rul'), projectID: info.projectID, action, resource, time })
    this.#world.save()
  }

  #effect(
    { info }: SessionRecord,
    { action, resources }: Pick<Asked, 'action' | 'resources'>,
  ): Rule['effect'] {
    const saved = this.#world.saved
      .filter(({ projectID }) => projectID === info.projectID)
      .map((rule): Rule => ({ action: rule.action, resource: rule.resource, effect: 'allow' }))
    const rules = [...new Config(info.location.directory).rules, ...saved, ...(info.permissions ?? [])]
    const effects = resources.map(
      (resource) =>
        rules.findLast((rule) => fits(rule.action, action) && fits(rule.resource, resource))?.effect ??
        'allow',
    )
    return effects.includes('deny') ? 'deny' : effects.includes('ask') ? 'ask' : 'allow'
  }
}

/** Of a command its program with any arguments. */
function savedRules({ action, resources }: Asked): readonly string[] {
  return action === 'shell' ? resources.map((line) => `${line.split(' ')[0] ?? ''} *`) : resources
}

function fits(pattern: string, value: string): boolean {
  const source = pattern.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${source.join('[\\s\\S]*')}$`).test(value)
}
