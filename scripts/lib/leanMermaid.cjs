// Leaves out of the bundle what mermaid would bring along for a few rare diagrams: layout engines of their own, and
// formulas, which diagrams drawn without HTML labels do not show. What is left out shows as its source.
'use strict'

const emptied = [
  /node_modules[\\/](?:cytoscape[\w-]*|cose-base|layout-base|@upsetjs[\\/]venn\.js)[\\/]/,
  /node_modules[\\/]mermaid[\\/]node_modules[\\/]katex[\\/]/,
  /mermaid\.core[\\/](?:swimlanes|architecture|wardley|venn|ishikawa|cynefin|c4|railroad|ebnf|abnf|peg)[A-Za-z]*-\w+\.mjs$/,
  /mermaid\.core[\\/]cose-bilkent-\w+\.mjs$/,
]

const leanMermaid = {
  name: 'lean-mermaid',
  setup(build) {
    for (const filter of emptied) {
      build.onLoad({ filter }, () => ({
        contents: 'throw new Error("not in this bundle")\nexport {}',
        loader: 'js',
      }))
    }
  },
}

module.exports = { leanMermaid }
