import type { BlockID, MessageID, SessionID } from '../../opencode/ids.ts'
import type { ToolPicture } from '../../session/model.ts'
import type { Picture, Pictures } from '../pictures.ts'
import { compact, fields, list, text, word } from '../reading.ts'
import type { Fields } from '../reading.ts'
import type { V1Routes } from './routes.ts'

/** Characters of a picture's data URL that may go to the view. */
const previewLimit = 400_000
const pictureUrl = /^data:(image\/(?:png|jpe?g|gif|webp|bmp|avif));base64,/i

export class V1Pictures implements Pictures {
  readonly #routes: V1Routes

  constructor(routes: V1Routes) {
    this.#routes = routes
  }

  async read(
    sessionID: SessionID,
    messageID: MessageID,
    blockID: BlockID,
    index = 0,
  ): Promise<Picture | undefined> {
    const { body } = await this.#routes.ofMessage(sessionID, messageID)
    const part = list(fields(body)['parts'])
      .map(fields)
      .find(({ id }) => id === blockID)
    if (!part) return undefined
    return readPicture(text((part['type'] === 'tool' ? attachmentsOf(part)[index] : part)?.['url']) ?? '')
  }
}

/** The data URL of a picture that is small enough for the view. */
export function previewOf(url: string): string | undefined {
  return url.length <= previewLimit && pictureUrl.test(url) ? url : undefined
}

/** The pictures among what a tool gave back besides its text; the others keep their place. */
export function toolPictures(state: Fields): readonly ToolPicture[] | undefined {
  const pictures = attachmentsOf({ state }).flatMap((file, index) => {
    const url = text(file['url']) ?? ''
    const mime = pictureUrl.exec(url)?.[1]
    const name = word(file['filename'])
    return mime === undefined ? [] : [compact({ index, mime, name, preview: previewOf(url) })]
  })
  return pictures.length === 0 ? undefined : pictures
}

function attachmentsOf(part: Fields): readonly Fields[] {
  return list(fields(part['state'])['attachments']).map(fields)
}

function readPicture(url: string): Picture | undefined {
  const match = pictureUrl.exec(url)
  return match?.[1] === undefined
    ? undefined
    : { mime: match[1].toLowerCase(), base64: url.slice(match[0].length) }
}
