interface Node {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: ReadonlyArray<string>
  readonly anyOf?: ReadonlyArray<Node>
  readonly oneOf?: ReadonlyArray<Node>
  readonly allOf?: ReadonlyArray<Node>
  readonly properties?: Readonly<Record<string, Node>>
  readonly required?: ReadonlyArray<string>
  readonly additionalProperties?: boolean | Node
  readonly items?: Node
}

/**
 * What a JSON Schema says about names, kinds, known values and presence, as sorted lines. Two schemas, of whatever
 * dialect, say the same when the lines are equal. Whether a value may be `null` is left out.
 */
export const describeSchema = (root: Node, definitions: Readonly<Record<string, Node>>): ReadonlyArray<string> => {
  const lines = new Set<string>()
  const walk = (node: Node, path: string): void => {
    if (node.$ref !== undefined) {
      const target = definitions[node.$ref.split("/").at(-1) ?? ""]
      if (target === undefined) throw new Error(`${node.$ref} is not defined`)
      walk(target, path)
    }
    for (const member of [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])]) walk(member, path)
    if (node.type !== undefined && node.type !== "null") lines.add(`${path}: ${node.type}`)
    for (const value of node.enum ?? []) lines.add(`${path} = ${value}`)
    for (const key of node.required ?? []) lines.add(`${path}.${key} is required`)
    for (const [key, property] of Object.entries(node.properties ?? {})) walk(property, `${path}.${key}`)
    if (typeof node.additionalProperties === "object") walk(node.additionalProperties, `${path}.*`)
    if (node.items !== undefined) walk(node.items, `${path}[]`)
  }
  walk(root, "")
  return Array.from(lines).toSorted()
}
