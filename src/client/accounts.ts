/** A credential that a server keeps for a provider. */
export interface Account {
  readonly id: string
  readonly providerID: string
  readonly label: string
  readonly kind: 'key' | 'login'
  /** A key of ours: it comes from VS Code's secret storage and goes when the server ends. */
  readonly isOwn: boolean
}

/** The accounts of a server with its providers. Every method rejects with an OpencodeError. */
export interface Accounts {
  list(directory: string): Promise<readonly Account[]>
  rename(id: string, label: string): Promise<void>
  /** Has the server forget it; nothing happens where it is gone already. */
  remove(id: string): Promise<void>
}
