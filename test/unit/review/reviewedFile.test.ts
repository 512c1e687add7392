import assert from 'node:assert/strict'
import { bytesOf, contentOf, missing, sameContent } from '../../../src/review/content.ts'
import type { Content } from '../../../src/review/content.ts'
import {
  afterStep,
  isDecided,
  keepFile,
  keepPlace,
  pendingIn,
  settleFile,
  undoFile,
  undoPlace,
} from '../../../src/review/reviewedFile.ts'
import type { ReviewedFile } from '../../../src/review/reviewedFile.ts'
import { countsOf, pendingOf } from '../../../src/review/span.ts'
import { encodeText } from '../../../src/review/textForm.ts'
import type { TextForm } from '../../../src/review/textForm.ts'
import { Random } from '../session/support/random.ts'
import { edited, someText, userLines } from './support/randomTexts.ts'

const path = '/work/file.txt'
const forms = ['utf8', 'utf8bom', 'utf16lebom', 'utf16bebom'] as const

describe('review: one file', () => {
  it('has exactly the bytes of before a turn, and of before all turns, back', () => {
    for (let seed = 1; seed <= 1500; seed++) {
      const random = new Random(seed)
      const states = [some(random), some(random), some(random)] as const
      let file = step(undefined, states[0], states[1], true)
      if (!sameContent(states[1], states[2])) file = step(file, states[1], states[2], true)
      const first = undoFile(file, 'turn', states[2])
      const turnStart = sameContent(states[1], states[2]) ? states[0] : states[1]
      assert.deepEqual(bytesOf(first.now), bytesOf(turnStart), `seed ${seed}: the turn`)
      const all = undoFile(first.file, 'session', first.now)
      assert.deepEqual(bytesOf(all.now), bytesOf(states[0]), `seed ${seed}: the session`)
      assert.equal(all.overwritten + first.overwritten, 0)
      assert.ok(isDecided(all.file), `seed ${seed}`)
    }
  })

  it('leaves what was kept in the turn when the rest of the session is undone', () => {
    for (let seed = 1; seed <= 1500; seed++) {
      const random = new Random(seed)
      const before = someText(random)
      const turn = edited(random, before, 'agent')
      const after = edited(random, turn, 'agent', 1)
      const [a, b, c] = [text(before), text(turn), text(after)]
      const file = keepFile(step(step(undefined, a, b, true), b, c, true), 'turn')
      assert.equal(pendingIn(file, 'turn', c).kind, 'none')
      const { now } = undoFile(file, 'session', c)
      const left = now.kind === 'text' ? now.lines : []
      for (const line of after.filter((each) => each.includes('agent1')))
        assert.ok(left.includes(line), `seed ${seed}: lost ${line}`)
    }
  })

  it('ends the same way when places are decided on in both scopes by turns', () => {
    for (let seed = 1; seed <= 1500; seed++) {
      const random = new Random(seed)
      const before = someText(random)
      const turn = edited(random, before, 'agent')
      const after = edited(random, turn, 'agent', 1)
      let now: Content = text(after)
      let file = step(step(undefined, text(before), text(turn), true), text(turn), now, true)
      for (let count = 0; count < 40 && !isDecided(file); count++) {
        const scope = random.pick(['session', 'turn'] as const)
        const pending = pendingIn(file, scope, now)
        if (pending.kind !== 'hunks') continue
        const hunk = random.pick(pending.hunks)
        assert.ok(!hunk.isOverwritten, `seed ${seed}: the agent is taken for the user`)
        if (random.chance(0.5)) file = keepPlace(file, scope, hunk)
        else ({ file, now } = undoPlace(file, scope, hunk, now))
        assert.ok(sameContent(file.session.after, file.turn?.after ?? missing), `seed ${seed}`)
        assert.ok(sameContent(file.session.after, now), `seed ${seed}: what is left is not what stands there`)
      }
      assert.ok(isDecided(file) || pendingIn(file, 'session', now).kind === 'none', `seed ${seed}: no end`)
    }
  })

  it('has the old bytes back when places were undone between the steps of a run', () => {
    for (let seed = 1; seed <= 1500; seed++) {
      const random = new Random(seed)
      const form = random.pick(forms)
      const before = text(someText(random), form)
      const ended = follow(random, before, ['agent', 'agent', 'undo'])
      if (!ended.file) continue
      const { now, overwritten } = undoFile(ended.file, 'session', ended.now)
      assert.equal(overwritten, 0, `seed ${seed}: the agent is taken for the user`)
      assert.deepEqual(bytesOf(now), bytesOf(before), `seed ${seed}`)
    }
  })

  it('loses no line of the user who writes, keeps and undoes while the agent goes on', () => {
    for (let seed = 1; seed <= 1500; seed++) {
      const random = new Random(seed)
      const ended = follow(random, text(someText(random)), ['agent', 'user', 'undo', 'keep'])
      const own = linesOf(ended.now).filter((line) => line.includes('user'))
      const now = ended.file ? undoFile(ended.file, 'session', ended.now).now : ended.now
      for (const line of own) assert.ok(linesOf(now).includes(line), `seed ${seed}: lost ${line}`)
    }
  })

  it('keeps what was kept in the middle of a run', () => {
    for (let seed = 1; seed <= 1500; seed++) {
      const random = new Random(seed)
      const before = someText(random)
      const first = text(edited(random, before, 'agent'))
      const kept = keepFile(step(undefined, text(before), first, true), 'session')
      const second = text(edited(random, linesOf(first), 'agent', 1))
      const { now } = undoFile(step(kept, first, second, false), 'session', second)
      assert.deepEqual(bytesOf(now), bytesOf(first), `seed ${seed}`)
    }
  })

  it('does not delete a new file that the user went on with', () => {
    const file = step(undefined, missing, text(['a\n']), true)
    const undone = undoFile(file, 'session', text(['a\n', 'mine\n']))
    assert.equal(undone.overwritten, 1)
    assert.deepEqual(bytesOf(undone.now), Buffer.from('a\nmine\n'))
    assert.deepEqual(pendingIn(undone.file, 'session', undone.now), {
      kind: 'whole',
      what: 'created',
      isOverwritten: true,
    })
  })

  it('knows that a place was undone by other means, and that it came back', () => {
    const file = step(undefined, text(['a\n']), text(['b\n']), true)
    assert.equal(pendingIn(file, 'session', text(['a\n'])).kind, 'none')
    assert.equal(pendingIn(file, 'session', text(['b\n'])).kind, 'hunks')
  })

  it('takes a file whose encoding changed as a whole and has the old bytes back', () => {
    const before = contentOf(Buffer.from('\ufeffgröße\n', 'utf16le'))
    const after = contentOf(Buffer.from('größer\n'))
    const file = step(undefined, before, after, true)
    assert.deepEqual(pendingIn(file, 'session', after), {
      kind: 'whole',
      what: 'replaced',
      isOverwritten: false,
    })
    assert.deepEqual(bytesOf(undoFile(file, 'session', after).now), bytesOf(before))
  })

  it('counts lines, but not those of binary files', () => {
    const after = text(['a\n', 'new\n'])
    const file = step(undefined, text(['a\n']), after, true)
    assert.deepEqual(countsOf(file.session, pendingOf(file.session, after)), { additions: 1, deletions: 0 })
    const image = contentOf(Buffer.from([0, 1, 2, 3, 0, 0, 9]))
    const { session: made } = step(undefined, missing, image, true)
    assert.equal(countsOf(made, pendingOf(made, image)), undefined)
  })

  it('asks nothing more about a file that is settled', () => {
    const file = settleFile(step(undefined, text(['a\n']), text(['b\n']), true), 'session')
    assert.ok(isDecided(file))
  })
})

interface Followed {
  readonly file: ReviewedFile | undefined
  readonly now: Content
}

/** A run in which the user acts between the steps of the agent, as the recorder tells of it. */
function follow(
  random: Random,
  before: Content,
  acts: readonly ('agent' | 'user' | 'undo' | 'keep')[],
): Followed {
  let file: ReviewedFile | undefined
  let now = before
  for (let count = 0; count < 10; count++) {
    const act = random.pick(acts)
    if (act === 'agent' || act === 'user') {
      const start = now
      now = rewritten(now, edited(random, linesOf(now), act, count))
      if (act === 'agent' && !sameContent(start, now)) file = step(file, start, now, count === 0)
      continue
    }
    const pending = file ? pendingIn(file, 'session', now) : undefined
    if (!file || pending?.kind !== 'hunks') continue
    const hunk = random.pick(pending.hunks)
    const own = userLines(linesOf(now))
    if (act === 'keep') file = keepPlace(file, 'session', hunk)
    else ({ file, now } = undoPlace(file, 'session', hunk, now))
    assert.deepEqual(userLines(linesOf(now)), own)
  }
  return { file, now }
}

function linesOf(content: Content): readonly string[] {
  return content.kind === 'text' ? content.lines : []
}

function rewritten(content: Content, lines: readonly string[]): Content {
  return content.kind === 'text' ? { ...content, lines } : content
}

function step(
  file: ReviewedFile | undefined,
  start: Content,
  end: Content,
  isNewTurn: boolean,
): ReviewedFile {
  return afterStep(file, { path, start, end, isNewTurn })
}

function text(lines: readonly string[], form: TextForm = 'utf8'): Content {
  return contentOf(encodeText(lines.join(''), form))
}

/** A file of any kind, or none. */
function some(random: Random): Content {
  const kind = random.next()
  if (kind < 0.15) return missing
  if (kind < 0.3) return contentOf(Buffer.from([0, random.below(255), 0, 0, random.below(255), 7, 0]))
  return text(someText(random), random.pick(forms))
}
