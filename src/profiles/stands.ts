import type { ServerProfile } from '../opencode/profile.ts'

/** What stands for a profile that cannot be used; its launcher refuses with its problem. */
export function stands(
  kind: ServerProfile['kind'],
  rest: Pick<ServerProfile, 'id' | 'name' | 'source'> & { readonly problem: string },
): ServerProfile {
  switch (kind) {
    case 'managed':
    case 'container':
      return { kind, ...rest }
    case 'url':
      return { kind, url: '', ...rest }
    case 'kubernetes':
      return { kind, target: '', ...rest }
  }
}
