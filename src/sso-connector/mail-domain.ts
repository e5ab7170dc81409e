import { domainToASCII } from 'node:url'
import emailProviders from 'email-providers'

/** Providers that the list does not have. */
const further =
  `139.com disroot.org duck.com fastmail.com gmx.ch kakao.com keemail.me kolabnow.com mailfence.com mozmail.com op.pl passmail.net posteo.de
posteo.net riseup.net sohu.com startmail.com tuta.com tuta.io tutamail.com tutanota.com tutanota.de zohomail.com zohomail.eu`.split(/\s/)

/** What the list has and nobody has a mailbox at: reserved for documentation (RFC 2606). */
const reserved = ['example.com']

const mailDomains = new Set([...emailProviders.map(domainToASCII), ...further])
for (const domain of reserved) mailDomains.delete(domain)

/** Whether anyone may have a mailbox at this domain. It is given in ASCII form and lower case, and matched exactly. */
export function isPublicMailDomain(domain: string): boolean {
  return mailDomains.has(domain)
}
