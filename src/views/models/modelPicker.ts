import * as vscode from 'vscode'
import type { Model } from '../../opencode/catalog.ts'
import { DisposableStore } from '../../util/lifecycle.ts'
import type { ModelMemory } from './modelMemory.ts'

interface ModelItem extends vscode.QuickPickItem {
  readonly model?: Model
}

/**
 * Lets the user pick a model: favourites and the last ones first, then all by provider. The star of a row makes
 * it a favourite. Undefined when nothing was picked.
 */
export async function chooseModel(
  models: readonly Model[],
  current: Model | undefined,
  memory: ModelMemory,
): Promise<Model | undefined> {
  const store = new DisposableStore()
  const picker = store.add(vscode.window.createQuickPick<ModelItem>())
  picker.title = vscode.l10n.t('Model')
  picker.placeholder = vscode.l10n.t('Search models and providers')
  picker.matchOnDescription = true
  picker.matchOnDetail = true
  const draw = (active: Model | undefined): void => {
    picker.items = modelItems(models, current, memory)
    picker.activeItems = picker.items
      .filter(({ model }) => model !== undefined && model === active)
      .slice(0, 1)
  }
  draw(current)
  store.add(
    picker.onDidTriggerItemButton(({ item: { model } }) => {
      if (model) void memory.toggleFavourite(model).then(() => draw(model))
    }),
  )
  return new Promise((resolve) => {
    store.add(
      picker.onDidAccept(() => {
        resolve(picker.selectedItems[0]?.model)
        picker.hide()
      }),
    )
    store.add(
      picker.onDidHide(() => {
        resolve(undefined)
        store.dispose()
      }),
    )
    picker.show()
  })
}

/** Each model stands once: where it is found first. */
function modelItems(
  models: readonly Model[],
  current: Model | undefined,
  memory: ModelMemory,
): readonly ModelItem[] {
  const shown = new Set<Model>()
  const group = (name: string, members: readonly Model[], isMixed: boolean): readonly ModelItem[] => {
    const fresh = members.filter((model) => !shown.has(model))
    for (const model of fresh) shown.add(model)
    const rows = fresh.map((model) =>
      modelItem(model, { isCurrent: isSame(model, current), isMixed, memory }),
    )
    return rows.length === 0 ? [] : [{ label: name, kind: vscode.QuickPickItemKind.Separator }, ...rows]
  }
  const providers = [...new Set(models.map(({ providerID }) => providerID))]
  return [
    ...group(vscode.l10n.t('Favourites'), memory.favourites(models), true),
    ...group(vscode.l10n.t('Recently picked'), memory.recent(models), true),
    ...providers.flatMap((providerID) => {
      const own = models.filter((model) => model.providerID === providerID)
      return group(own[0]?.providerName ?? providerID, own, false)
    }),
  ]
}

interface RowOptions {
  readonly isCurrent: boolean
  /** The heading does not name the provider. */
  readonly isMixed: boolean
  readonly memory: ModelMemory
}

function modelItem(model: Model, { isCurrent, isMixed, memory }: RowOptions): ModelItem {
  const isFavourite = memory.isFavourite(model)
  const facts = [
    isMixed ? model.providerName : undefined,
    model.contextLimit > 0 ? vscode.l10n.t('{0} context', shortNumber(model.contextLimit)) : undefined,
    priceOf(model),
  ]
  return {
    label: isCurrent ? `$(check) ${model.name}` : model.name,
    description: facts.filter((fact) => fact !== undefined).join(' · '),
    detail: abilitiesOf(model),
    buttons: [isFavourite ? unstarButton() : starButton()],
    model,
  }
}

function starButton(): vscode.QuickInputButton {
  return { iconPath: new vscode.ThemeIcon('star-empty'), tooltip: vscode.l10n.t('Add to favourites') }
}

function unstarButton(): vscode.QuickInputButton {
  return { iconPath: new vscode.ThemeIcon('star-full'), tooltip: vscode.l10n.t('Remove from favourites') }
}

/** US dollars per million tokens, in and out. */
function priceOf({ cost }: Model): string | undefined {
  if (!cost) return undefined
  if (cost.input === 0 && cost.output === 0) return vscode.l10n.t('no charge')
  return vscode.l10n.t('${0} in, ${1} out per 1M tokens', cost.input, cost.output)
}

function abilitiesOf({ inputs, reasoning, variants }: Model): string {
  const abilities = [
    inputs.includes('image') ? vscode.l10n.t('images') : undefined,
    inputs.includes('pdf') ? vscode.l10n.t('PDF') : undefined,
    inputs.includes('audio') ? vscode.l10n.t('audio') : undefined,
    inputs.includes('video') ? vscode.l10n.t('video') : undefined,
    reasoning ? vscode.l10n.t('thinks') : undefined,
    variants.length > 0 ? vscode.l10n.t('effort: {0}', variants.join(', ')) : undefined,
  ].filter((ability) => ability !== undefined)
  return abilities.length > 0 ? abilities.join(' · ') : vscode.l10n.t('text only')
}

function shortNumber(tokens: number): string {
  return tokens >= 1_000_000
    ? `${(tokens / 1_000_000).toFixed(1).replace('.0', '')}M`
    : `${Math.round(tokens / 1_000)}k`
}

function isSame(model: Model, other: Model | undefined): boolean {
  return model.providerID === other?.providerID && model.modelID === other.modelID
}
