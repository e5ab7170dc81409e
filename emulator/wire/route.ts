import type { HttpRequest, Operation } from '../service.ts'

const routes = new WeakMap<Operation, RegExp>()

/** The named parts of the path where it is this operation's, else undefined. A slash at the end makes no difference. */
export function pathParameters(operation: Operation, request: HttpRequest): Record<string, string> | undefined {
  if (!operation.http || operation.http.method !== request.method) return undefined
  let route = routes.get(operation)
  if (!route) {
    route = new RegExp(`^${operation.http.path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}/?$`)
    routes.set(operation, route)
  }
  const match = route.exec(request.path)
  if (!match) return undefined
  return Object.fromEntries(Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodePart(value)]))
}

function decodePart(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
