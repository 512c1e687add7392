import { buildWithinBudget } from '../lib/bundle.ts'
import { repositoryRoot } from '../lib/repository.ts'

console.log(`Packaged ${await buildWithinBudget(repositoryRoot)}`)
