import { domainToASCII, domainToUnicode } from 'node:url'
import { getPublicSuffix } from 'tldts'
import type { UserErrorCode } from '../platform/errors.ts'
import { isPublicMailDomain } from './mail-domain.ts'

const maxLength = 253
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** What makes a URL out of a name, or cannot be seen in it: the conversion to ASCII would cut it off or swallow it. */
const notOfAName = /[\s\p{C}%/\\?#@:[\]]/u

/** The name as it is stored and compared: lower case, IDN in ASCII form. null for what is no domain name. */
export function normalizeDomain(text: string): string | null {
  if (text.length > maxLength || notOfAName.test(text)) return null
  const domain = domainToASCII(text)
  const labels = domain.split('.')
  // A name that ends in a number is an IPv4 address to some.
  const isName = domain.length <= maxLength && labels.every((part) => label.test(part)) && !/^\d+$/.test(labels.at(-1) ?? '')
  // Punycode that stands for nothing is left as it is by newer versions of Node.js.
  const isReadable = domainToUnicode(domain)
    .split('.')
    .every((part) => part !== '' && !part.startsWith('xn--'))
  return isName && isReadable ? domain : null
}

/** A domain that can belong to one organization, or why it is none. */
export function parseEmailDomain(text: string): { domain: string } | { problem: { code: UserErrorCode; message: string } } {
  const domain = normalizeDomain(text)
  if (domain === null) {
    const message = 'emailDomain must be a domain name such as example.com: what stands behind the @, without a dot at the end.'
    return { problem: { code: 'VALUE_INCORRECT_FORMAT', message } }
  }
  if (getPublicSuffix(domain, { allowPrivateDomains: true, extractHostname: false }) === domain) {
    const message = `${domain} is a public suffix, below which anyone may have a name. Give the organization's own domain.`
    return { problem: { code: 'INVALID_VALUE', message } }
  }
  if (isPublicMailDomain(domain)) {
    const message = `${domain} belongs to a public mail provider, whose users are not one organization's. Give the organization's own domain.`
    return { problem: { code: 'INVALID_VALUE', message } }
  }
  return { domain }
}
