import { homedir } from 'node:os'
import type { DoctorFinding } from '../../opencode/doctor.ts'
import type { Findings } from './findings.ts'

/** Only asks what the server would offer; a provider is not called, so no tokens are spent. */
export async function lookAtModel({ patient, connection }: Findings): Promise<DoctorFinding> {
  const { models, defaultModel } = await connection.readCatalog(patient.folder ?? homedir())
  if (models.length === 0) {
    return {
      verdict: 'fail',
      text: 'The server knows no model that can be used. Add the API key of a provider, or log in with "opencode auth login".',
      remedies: ['setProviderKey', 'openConfiguration'],
    }
  }
  const providers = [...new Set(models.map(({ providerName }) => providerName))]
  const offer = `${models.length === 1 ? 'One model' : `${models.length} models`} of ${sample(providers)}`
  if (!defaultModel) {
    return {
      verdict: 'warn',
      text: `${offer}, but none is the default. Pick one in the chat, or set "model" in opencode.json.`,
      remedies: ['tryPrompt', 'openConfiguration'],
    }
  }
  return {
    verdict: 'pass',
    text: `${offer}; the default is ${defaultModel.providerID}/${defaultModel.modelID}. A prompt shows whether its provider answers.`,
    remedies: ['tryPrompt'],
  }
}

function sample(names: readonly string[]): string {
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
}
