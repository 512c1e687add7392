import { isLargePaste } from '../../protocol/composer.ts'
import type { AppContext } from '../app.ts'

const limitBytes = 10 * 1024 * 1024
/** What VS Code's explorer and tabs call the files that are dragged, the best form first. */
const uriTypes = ['application/vnd.code.uri-list', 'text/uri-list']

/** Takes files and long texts out of a paste. False: the text area is to paste as always. */
export function takePaste({ actions, store }: AppContext, data: DataTransfer | null): boolean {
  if (!data) return false
  const text = data.getData('text/plain')
  const files = [...data.files]
  if (files.length > 0 && text === '') {
    void addFiles({ actions, store }, files)
    return true
  }
  if (!isLargePaste(text) || store.text.value.startsWith('!')) return false
  void actions.addText(text)
  return true
}

/** Whether a drag holds something that can become context. */
export function canDrop(data: DataTransfer | null): boolean {
  const types: readonly string[] = data?.types ?? []
  return types.includes('Files') || uriTypes.some((type) => types.includes(type))
}

/** Files by their address where there is one, since the host reads them itself; else by their content. */
export function takeDrop({ actions, store }: AppContext, data: DataTransfer | null): void {
  if (!data) return
  const uris = urisOf(data)
  if (uris.length > 0) void actions.addUris(uris)
  else void addFiles({ actions, store }, [...data.files])
}

function urisOf(data: DataTransfer): readonly string[] {
  const list = uriTypes.map((type) => data.getData(type)).find((text) => text !== '') ?? ''
  return list
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .slice(0, 100)
}

async function addFiles(
  { actions, store }: Pick<AppContext, 'actions' | 'store'>,
  files: readonly File[],
): Promise<void> {
  for (const file of files) {
    if (file.size > limitBytes) {
      const size = (file.size / 1024 / 1024).toFixed(1)
      store.callError.value = `${file.name} has ${size} MiB; at most 10 MiB can be sent.`
      return
    }
    const name = file.name === '' ? 'pasted' : file.name
    await actions.addFile({ name, mime: file.type, base64: await base64Of(file) })
  }
}

function base64Of(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () =>
      resolve(typeof reader.result === 'string' ? reader.result.replace(/^[^,]*,/, '') : '')
    reader.onerror = () => reject(new Error(`${file.name} could not be read.`))
    reader.readAsDataURL(file)
  })
}
