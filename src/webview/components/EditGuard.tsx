import type { FileRisk, GuardedEdit } from '../../protocol/desk.ts'
import type { PermissionRequest } from '../../session/model.ts'
import { useApp } from '../app.ts'
import { Button, Icon } from './Icon.tsx'

/** What is to be known before an edit is allowed: which text of the user's it does not know of. */
export function EditWarning({ guard }: { readonly guard: GuardedEdit }) {
  const [risk] = guard.risks
  if (!risk) return null
  return (
    <div class="dock-warning" role="note">
      <Icon name="warning" />
      <span dir="auto">{warningOf(risk, guard.risks.length)}</span>
    </div>
  )
}

interface GuardButtonsProps {
  readonly request: PermissionRequest
  readonly guard: GuardedEdit
  readonly disabled: boolean
  readonly answer: (run: () => Promise<boolean>) => void
}

/** The answers that lose nothing; they stand where "Allow once" stands otherwise. */
export function GuardButtons({ request, guard, disabled, answer }: GuardButtonsProps) {
  const { actions } = useApp()
  const settle = (how: Parameters<typeof actions.settleEdit>[1]) => () =>
    answer(() => actions.settleEdit(request.id, how))
  const allow = (): void => answer(() => actions.replyPermission(request.id, 'once'))
  const isUnsaved = guard.risks.some(({ kind }) => kind === 'unsaved')
  if (guard.isChanged) {
    return (
      <>
        <Button
          kind="primary"
          disabled={disabled}
          title="Save the proposal as you changed it, and tell the agent"
          onClick={settle('mine')}
        >
          Apply my version
        </Button>
        <Button disabled={disabled} title="Let the agent write what it proposed" onClick={allow}>
          Allow as proposed
        </Button>
      </>
    )
  }
  return (
    <>
      {guard.canMerge ? (
        <Button
          kind="primary"
          disabled={disabled}
          title="Join the edit with your text, save the result and tell the agent"
          onClick={settle('merge')}
        >
          Merge
        </Button>
      ) : undefined}
      <Button
        kind={guard.canMerge ? 'secondary' : 'primary'}
        disabled={disabled}
        title="The agent reads your text and makes the edit again"
        onClick={settle('redo')}
      >
        {isUnsaved ? 'Save first' : 'Have it redone'}
      </Button>
      <Button
        disabled={disabled}
        title={
          isUnsaved
            ? 'The file is written as proposed; your text stays in the editor, to be merged'
            : 'The file is written as proposed; a copy of your text is kept'
        }
        onClick={allow}
      >
        Allow anyway
      </Button>
    </>
  )
}

function warningOf({ path, kind }: FileRisk, count: number): string {
  const name = path.split(/[\\/]/).at(-1) ?? path
  const more = count > 1 ? ` and ${count - 1} more` : ''
  return kind === 'unsaved'
    ? `${name}${more} has unsaved changes that this edit does not know of.`
    : `${name}${more} was changed after this edit was worked out. Allowing it would undo that.`
}
