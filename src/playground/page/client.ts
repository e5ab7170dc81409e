export interface Operation {
  query: string
  variables?: unknown
  operationName?: string | null
}

export interface Reply<Data = unknown> {
  data?: Data | null
  errors?: readonly { message: string; extensions?: { code?: string } }[]
}

/** The credential is wrong, has ended or was revoked. Holds the server's answer. */
export class KeyRefused extends Error {
  readonly reply: Reply

  constructor(reply: Reply) {
    super(reply.errors?.[0]?.message ?? 'The key was refused.')
    this.reply = reply
  }
}

/** Nothing that speaks GraphQL answered. */
export class ServerGone extends Error {}

// Relative to the page, so that both also work below a path of a proxy.
const endpoint = new URL('graphql', document.baseURI)

/** Sends one operation. Throws KeyRefused or ServerGone; every other answer, errors included, is returned. */
export async function send<Data>(key: string, operation: Operation, extraHeaders: Record<string, string> = {}): Promise<Reply<Data>> {
  const headers = new Headers({
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    accept: 'application/graphql-response+json, application/json;q=0.9',
  })
  for (const [name, value] of Object.entries(extraHeaders)) headers.set(name, value)
  const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(operation), credentials: 'omit' }).catch(() => {
    throw new ServerGone('No answer came.')
  })
  const reply = asReply<Data>(await response.text())
  if (response.status === 401 || reply?.errors?.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED')) {
    throw new KeyRefused(reply ?? {})
  }
  if (reply) return reply
  throw new ServerGone(`The answer was HTTP ${response.status} ${response.statusText}`.trim())
}

function asReply<Data>(text: string): Reply<Data> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && ('data' in value || 'errors' in value) ? (value as Reply<Data>) : null
  } catch {
    return null
  }
}
