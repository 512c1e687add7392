import type { NewProblems } from '../../protocol/desk.ts'
import { useApp } from '../app.ts'
import { plural } from '../components/format.ts'
import { Button, Icon, IconButton } from '../components/Icon.tsx'

/** What the last run broke, as VS Code's language services see it. */
export function ProblemsStrip({ problems }: { readonly problems: NewProblems | undefined }) {
  const { actions } = useApp()
  if (!problems) return null
  const { errors, warnings, paths } = problems
  const [first = ''] = paths
  const name = first.split(/[\\/]/).at(-1) ?? first
  const where = paths.length > 1 ? `${name} and ${plural(paths.length - 1, 'more file')}` : name
  return (
    <div class={`strip ${errors > 0 ? 'error' : 'warning'}`} role="group" aria-label="New problems">
      <Icon name={errors > 0 ? 'error' : 'warning'} />
      <span class="strip-text" title={paths.join('\n')}>
        {plural(errors + warnings, 'new problem')} in {where}
      </span>
      <Button kind="link" onClick={() => void actions.answerProblems('fix')}>
        Fix
      </Button>
      <Button kind="link" onClick={() => void actions.answerProblems('show')}>
        Show
      </Button>
      <IconButton icon="close" label="Dismiss" onClick={() => void actions.answerProblems('dismiss')} />
    </div>
  )
}
