/**
 * Adds command-line options to those in the URL, which the driver would otherwise take instead of ours: pass them to the pool as well,
 * for URLs without any. Of one that is given twice the last counts: `defaults` give way to the URL's, `options` do not.
 */
export function withSessionOptions(url: string, options: string, defaults = ''): string {
  if (!URL.canParse(url)) return url
  const parsed = new URL(url)
  const given = parsed.searchParams.get('options')
  if (given === null) return url
  parsed.searchParams.set('options', `${defaults} ${given} ${options}`.trim())
  return parsed.toString()
}

/** Which server a URL leads to, without the password, for messages. */
export function serverOf(url: string): string {
  if (!URL.canParse(url)) return 'the database'
  const { host, searchParams } = new URL(url)
  return searchParams.get('host') ?? host
}
