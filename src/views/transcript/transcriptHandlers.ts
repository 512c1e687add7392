import * as vscode from 'vscode'
import type { Picture } from '../../client/pictures.ts'
import { OpencodeError, toErrorInfo } from '../../opencode/errors.ts'
import type { BlockID, MessageID } from '../../opencode/ids.ts'
import { modelRef } from '../../protocol/chat.ts'
import type { FileBlock, ToolPicture } from '../../session/model.ts'
import { lastUserMessage } from '../../session/selectors.ts'
import { needConnection, nothing, pathHere } from '../chat/handlerParts.ts'
import type { HandlerContext, Picked } from '../chat/handlerParts.ts'
import type { ChatSession } from '../chat/chatSession.ts'
import { PathChecks } from './pathChecks.ts'

/** What the page may ask about the run of its session, and about what its text names. */
export function transcriptHandlers({
  chat,
  run,
  services,
}: HandlerContext): Picked<'run/goOn' | 'paths/check' | 'picture/open' | 'diagram/open'> {
  const paths = new PathChecks()
  return {
    'run/goOn': nothing(async ({ switchModel }) => {
      if (!switchModel) return goOn(chat)
      const before = modelRef(chat.state.choice)
      // The pick takes as long as the user likes; the page's call must not wait for it.
      void run('pickModel').then(async () => {
        const after = modelRef(chat.state.choice)
        const isSame = before?.modelID === after?.modelID && before?.providerID === after?.providerID
        if (!isSame) await goOn(chat).catch((error: unknown) => chat.setProblem(toErrorInfo(error)))
      })
    }),
    'picture/open': nothing(async (place) => {
      const { name, mime, base64 } = await findPicture(chat, place)
      await services.pictures.open(withExtension(name, mime), Buffer.from(base64, 'base64'))
    }),
    'diagram/open': nothing(({ svg }) => services.pictures.open('diagram.svg', Buffer.from(svg, 'utf8'))),
    'paths/check': ({ links }) => {
      const directory = chat.needDirectory()
      const here = links.map((link) => ({ ...link, path: pathHere(chat, link.path) }))
      return Promise.all(here.map((link) => paths.check(link, directory)))
    },
  }
}

interface PicturePlace {
  readonly messageID: MessageID
  readonly blockID: BlockID
  readonly index?: number | undefined
}

/** From the block where it is small, else from the server. @throws OpencodeError `not-found` */
async function findPicture(
  chat: ChatSession,
  { messageID, blockID, index }: PicturePlace,
): Promise<Picture & { readonly name: string | undefined }> {
  const shown = shownPicture(chat, { messageID, blockID, index })
  const [, mime, base64] = /^data:(image\/[\w.+-]+);base64,(.*)$/s.exec(shown?.preview ?? '') ?? []
  if (mime !== undefined && base64 !== undefined) return { mime, base64, name: shown?.name }
  const whole =
    shown && chat.sessionID
      ? await needConnection(chat).pictures.read(chat.sessionID, messageID, blockID, index)
      : undefined
  if (whole) return { ...whole, name: shown?.name }
  throw new OpencodeError('not-found', vscode.l10n.t('The server does not have this picture any more.'))
}

function shownPicture(
  { state }: ChatSession,
  { messageID, blockID, index = 0 }: PicturePlace,
): FileBlock | ToolPicture | undefined {
  const message = state.session?.messages.find(({ id }) => id === messageID)
  const block = message?.blocks.find(({ id }) => id === blockID)
  if (block?.type === 'file') return block
  return block?.type === 'tool' ? block.pictures?.find((picture) => picture.index === index) : undefined
}

/** VS Code picks the preview by the end of the name. */
function withExtension(name: string | undefined, mime: string): string {
  const end = mime === 'image/jpeg' ? 'jpg' : (/^image\/(\w+)/.exec(mime)?.[1] ?? 'png')
  if (name === undefined) return `picture.${end}`
  return /\.(png|jpe?g|gif|webp|bmp|avif)$/i.test(name) ? name : `${name}.${end}`
}

async function goOn(chat: ChatSession): Promise<void> {
  const { session, choice } = chat.state
  const prompt = session && lastUserMessage(session)
  if (!session || !prompt) {
    throw new OpencodeError(
      'not-found',
      vscode.l10n.t('This session has no prompt that could be asked again.'),
    )
  }
  const model = modelRef(choice)
  await needConnection(chat).runs.goOn(session.session.id, prompt, {
    ...(choice.agent ? { agent: choice.agent.name } : {}),
    ...(model ? { model } : {}),
  })
}
