import type { Model, ModelRef } from '../../opencode/catalog.ts'
import { isRecord } from '../../platform/storage.ts'
import type { StoredValue } from '../../platform/storage.ts'

const recentLimit = 5

type Name = Pick<ModelRef, 'providerID' | 'modelID'>

/** The models that the user likes and those picked last, for all folders. */
export class ModelMemory {
  readonly #stored: StoredValue

  constructor(stored: StoredValue) {
    this.#stored = stored
  }

  isFavourite(model: Name): boolean {
    return this.#read('favourites').includes(keyOf(model))
  }

  /** The models among these that are favourites, in the order in which they became it. */
  favourites(models: readonly Model[]): readonly Model[] {
    return pick(models, this.#read('favourites'))
  }

  /** Those of the models that were picked last, the latest first. */
  recent(models: readonly Model[]): readonly Model[] {
    return pick(models, this.#read('recent'))
  }

  async toggleFavourite(model: Name): Promise<void> {
    const key = keyOf(model)
    const others = this.#read('favourites').filter((each) => each !== key)
    await this.#write('favourites', this.isFavourite(model) ? others : [...others, key])
  }

  async used(model: Name): Promise<void> {
    const key = keyOf(model)
    const others = this.#read('recent').filter((each) => each !== key)
    await this.#write('recent', [key, ...others].slice(0, recentLimit))
  }

  #read(list: 'favourites' | 'recent'): readonly string[] {
    const value = this.#stored.get()
    const keys = isRecord(value) ? value[list] : undefined
    return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : []
  }

  async #write(list: 'favourites' | 'recent', keys: readonly string[]): Promise<void> {
    const lists = { favourites: this.#read('favourites'), recent: this.#read('recent') }
    await this.#stored.set({ ...lists, [list]: keys })
  }
}

function keyOf({ providerID, modelID }: Name): string {
  return `${providerID}/${modelID}`
}

function pick(models: readonly Model[], keys: readonly string[]): readonly Model[] {
  return keys.flatMap((key) => models.find((model) => keyOf(model) === key) ?? [])
}
