import type { FileRisk, GuardedEdit } from '../../protocol/desk.ts'
import type { PermissionRequest } from '../../session/model.ts'
import { useApp } from '../app.ts'
import { Button, Icon } from '../components/Icon.tsx'

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
  const isEncoding = guard.risks.every(({ kind }) => kind === 'encoding')
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
          title={
            isEncoding
              ? 'Save the edit in the encoding that the file has, and tell the agent'
              : 'Join the edit with your text, save the result and tell the agent'
          }
          onClick={settle('merge')}
        >
          {isEncoding ? 'Keep encoding' : 'Merge'}
        </Button>
      ) : undefined}
      {isEncoding ? undefined : (
        <Button
          kind={guard.canMerge ? 'secondary' : 'primary'}
          disabled={disabled}
          title="The agent reads your text and makes the edit again"
          onClick={settle('redo')}
        >
          {isUnsaved ? 'Save first' : 'Have it redone'}
        </Button>
      )}
      <Button disabled={disabled} title={allowTitle(isUnsaved)} onClick={allow}>
        Allow anyway
      </Button>
    </>
  )
}

function allowTitle(isUnsaved: boolean): string {
  return isUnsaved
    ? 'The file is written as proposed; your text stays in the editor, to be merged'
    : 'The file is written as proposed; a copy of your text is kept'
}

function warningOf({ path, kind }: FileRisk, count: number): string {
  const name = path.split(/[\\/]/).at(-1) ?? path
  const files = count > 1 ? `${name} and ${count - 1} more` : name
  const [has, was, is] = count > 1 ? ['have', 'were', 'are'] : ['has', 'was', 'is']
  switch (kind) {
    case 'unsaved':
      return `${files} ${has} unsaved changes that this edit does not know of.`
    case 'changed':
      return `${files} ${was} changed after this edit was worked out. Allowing it would undo that.`
    case 'encoding':
      return `${files} ${is} not in UTF-8. OpenCode would write UTF-8 and break the text.`
  }
}
