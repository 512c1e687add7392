import * as vscode from 'vscode'
import type { McpTool } from '../../mcp/mcpTool.ts'
import { isDenied } from '../../platform/deniedFiles.ts'
import { describeProblem } from '../../prompt/diagnosticsPart.ts'
import { shortName } from '../../prompt/documentPlace.ts'
import { problemFiles } from '../../prompt/problemsPart.ts'
import { documentOf, isInside, pathSchema, placeOf, placeSchema, textOf } from './toolInput.ts'
import type { ToolInput } from './toolInput.ts'

/** Where tools work, and what they leave alone. */
export interface ToolScope {
  readonly directory: string
  /** Globs of files that the user keeps from the model. */
  readonly denied: () => readonly string[]
}

const listLimit = 200
/** How long a language service may take for a file that was just opened, and go on telling of more. */
const firstLookMs = 3_000
const quietMs = 300
const unseen = 'None, but no editor shows this file, and some languages are checked in editors only.'

/** What VS Code's language services know: for each language that some extension brings. */
export function languageTools(scope: ToolScope): readonly McpTool[] {
  return [diagnostics(scope), symbols(scope), ...placeTools(scope), renamePreview(scope)]
}

function diagnostics({ directory, denied }: ToolScope): McpTool {
  return {
    name: 'diagnostics',
    description: 'Errors and warnings that the editor reports, of one file or of the whole project.',
    inputSchema: schema({ path: pathSchema }, []),
    call: async (input) => {
      if (input['path'] === undefined) {
        const files = problemFiles(directory).filter(({ uri }) => isReadable(uri, { directory, denied }))
        return list(
          files.flatMap(({ name, problems }) => problems.map((each) => describeProblem(name, each))),
        )
      }
      const open = new Set(vscode.workspace.textDocuments)
      const document = await documentOf(input, directory, denied())
      const { uri } = document
      const isLooked = open.has(document) || (await looked(uri))
      const name = shortName(uri.fsPath, directory)
      const problems = vscode.languages.getDiagnostics(uri)
      if (problems.length === 0 && !isLooked) return unseen
      return list(problems.map((each) => describeProblem(name, each)))
    },
  }
}

/** Whether a language service told of a file that was just opened. Some say nothing of one that they find well. */
function looked(uri: vscode.Uri): Promise<boolean> {
  const key = uri.toString()
  return new Promise((resolve) => {
    const done = (isLooked: boolean): void => {
      telling.dispose()
      resolve(isLooked)
    }
    let timer = setTimeout(done, firstLookMs, false)
    const telling = vscode.languages.onDidChangeDiagnostics(({ uris }) => {
      if (!uris.some((each) => each.toString() === key)) return
      clearTimeout(timer)
      timer = setTimeout(done, quietMs, true)
    })
  })
}

function symbols({ directory, denied }: ToolScope): McpTool {
  return {
    name: 'symbols',
    description: 'The symbols of a file ("path"), or those of the project whose name fits ("query").',
    inputSchema: schema({ path: pathSchema, query: { type: 'string' } }, []),
    call: async (input) => {
      if (input['path'] === undefined) {
        const query = textOf(input, 'query')
        const found = await ask<vscode.SymbolInformation>('vscode.executeWorkspaceSymbolProvider', query)
        return list(
          found.map(({ name, kind, location }) => symbolLine(name, kind, whereOf(location, directory))),
        )
      }
      const { uri } = await documentOf(input, directory, denied())
      const found = await ask<vscode.DocumentSymbol & vscode.SymbolInformation>(
        'vscode.executeDocumentSymbolProvider',
        uri,
      )
      return list(found.flatMap((symbol) => outline(symbol, 0)))
    },
  }
}

function placeTools(scope: ToolScope): readonly McpTool[] {
  return [
    placeTool(scope, {
      name: 'definition',
      description: 'Where the symbol at a place is defined.',
      command: 'vscode.executeDefinitionProvider',
    }),
    placeTool(scope, {
      name: 'references',
      description: 'All places that use the symbol at a place.',
      command: 'vscode.executeReferenceProvider',
    }),
  ]
}

interface PlaceTool {
  readonly name: string
  readonly description: string
  readonly command: string
}

function placeTool({ directory, denied }: ToolScope, { name, description, command }: PlaceTool): McpTool {
  return {
    name,
    description,
    inputSchema: schema(placeSchema, ['path', 'line']),
    call: async (input) => {
      const { document, position } = await placeOf(input, directory, denied())
      const found = await ask<vscode.Location | vscode.LocationLink>(command, document.uri, position)
      const lines = found.map(async (each) => {
        const location = 'targetUri' in each ? namedIn(each) : each
        return `${whereOf(location, directory)}${await lineAt(location, { directory, denied })}`
      })
      return list(await Promise.all(lines.slice(0, listLimit)))
    },
  }
}

function renamePreview({ directory, denied }: ToolScope): McpTool {
  return {
    name: 'rename_preview',
    description:
      'The edits that renaming a symbol everywhere would take. Nothing is changed; make the edits yourself.',
    inputSchema: schema({ ...placeSchema, newName: { type: 'string' } }, ['path', 'line', 'newName']),
    call: async (input) => {
      const newName = textOf(input, 'newName')
      const { document, position } = await placeOf(input, directory, denied())
      const command = 'vscode.executeDocumentRenameProvider'
      const edit = await vscode.commands.executeCommand<vscode.WorkspaceEdit | undefined>(
        command,
        document.uri,
        position,
        newName,
      )
      const edits = edit?.entries() ?? []
      return list(
        edits.flatMap(([uri, changes]) =>
          changes.map(({ range, newText }) => `${whereOf({ uri, range }, directory)} → ${newText}`),
        ),
      )
    },
  }
}

/** A link may tell the whole declaration and, in it, the name. */
function namedIn({ targetUri, targetRange, targetSelectionRange }: vscode.LocationLink): vscode.Location {
  return new vscode.Location(targetUri, targetSelectionRange ?? targetRange)
}

async function ask<Found>(command: string, ...args: readonly unknown[]): Promise<readonly Found[]> {
  return (await vscode.commands.executeCommand<readonly Found[] | undefined>(command, ...args)) ?? []
}

function outline(symbol: vscode.DocumentSymbol & vscode.SymbolInformation, depth: number): readonly string[] {
  const { name, kind } = symbol
  const range = (symbol as Partial<typeof symbol>).range ?? symbol.location.range
  const lines = `${range.start.line + 1}-${range.end.line + 1}`
  const children = ((symbol as Partial<typeof symbol>).children ?? []) as (typeof symbol)[]
  return [
    `${'  '.repeat(depth)}${symbolLine(name, kind, lines)}`,
    ...children.flatMap((child) => outline(child, depth + 1)),
  ]
}

function symbolLine(name: string, kind: vscode.SymbolKind, where: string): string {
  return `${vscode.SymbolKind[kind].toLowerCase()} ${name} (${where})`
}

/** `src/add.ts:3:10-3:13`, from 1. */
function whereOf({ uri, range }: { uri: vscode.Uri; range: vscode.Range }, directory: string): string {
  const name = uri.scheme === 'file' ? shortName(uri.fsPath, directory) : uri.toString()
  const { start, end } = range
  return `${name}:${start.line + 1}:${start.character + 1}-${end.line + 1}:${end.character + 1}`
}

/** The words of a place, where the agent may read them; of a library it learns the place alone. */
async function lineAt({ uri, range }: vscode.Location, scope: ToolScope): Promise<string> {
  if (!isReadable(uri, scope)) return ''
  try {
    const document = await vscode.workspace.openTextDocument(uri)
    return `: ${document.lineAt(range.start.line).text.trim().slice(0, 200)}`
  } catch {
    return ''
  }
}

/** A file of the workspace that is not on the deny list. */
function isReadable(uri: vscode.Uri, { directory, denied }: ToolScope): boolean {
  return uri.scheme === 'file' && isInside(uri.fsPath, directory) && !isDenied(uri.fsPath, denied())
}

function list(lines: readonly string[]): string {
  if (lines.length === 0) return 'None.'
  const more = lines.length > listLimit ? [`… and ${lines.length - listLimit} more`] : []
  return [...lines.slice(0, listLimit), ...more].join('\n')
}

function schema(properties: ToolInput, required: readonly string[]): McpTool['inputSchema'] {
  return { type: 'object', properties, required, additionalProperties: false }
}
