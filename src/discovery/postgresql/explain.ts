import { OutboundRefusedError, OutboundTimeoutError } from '../../outbound/outbound-guard.ts'
import { type Server, TooMuchError } from './connection.ts'

type Words = (server: Server) => string

const place = ({ host, port }: Server) => `${host}:${port}`
const noAnswer: Words = (server) =>
  `${place(server)} did not answer in time. Check host and port, that PostgreSQL runs there, and that no firewall drops the connection.`
const lost: Words = (server) =>
  `${place(server)} closed the connection. Check that it is a PostgreSQL server, its log, and whether tlsMode is what it expects.`
const untrusted: Words = ({ tlsMode }) =>
  `The server's certificate is not signed by an authority that is trusted. Give that authority's certificate as caCertificate, or, if whoever is between may read along, a tlsMode weaker than ${tlsMode}.`
const busy: Words = (server) => `${place(server)} takes no connections at the moment. Refresh again later; its log says why.`
const refusedUser: Words = () =>
  'The server refused the user name or the password. Mend the secret in its store; a built-in one is sent again: updateIntegration with secretStore.builtIn.'

/** By the code of the error: those of the network and of TLS, and SQLSTATE. */
const words: Record<string, Words> = {
  ECONNREFUSED: (server) =>
    `${place(server)} refused the connection. Check host and port, and that PostgreSQL listens there (listen_addresses).`,
  ECONNRESET: lost,
  EPIPE: lost,
  ETIMEDOUT: noAnswer,
  EHOSTUNREACH: noAnswer,
  ENETUNREACH: noAnswer,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: () => "The server's certificate has expired. Give the server a new one.",
  ERR_TLS_CERT_ALTNAME_INVALID: ({ host }) =>
    `The server's certificate is not for ${host}. Give the name that stands in it as host, or use tlsMode verify-ca.`,
  '28P01': refusedUser,
  '28000': (server) =>
    `${place(server)} does not let this user in from here. Check pg_hba.conf there, whether it asks for TLS (tlsMode), and the user name.`,
  '3D000': ({ database }) => `The server has no database ${database}. Check the parameter database.`,
  '42501': () => 'The user may not connect to the database. Grant it CONNECT on it.',
  '53300': busy,
  '57P01': busy,
  '57P02': busy,
  '57P03': busy,
  '57014': () => 'The server did not list what it has within ten seconds. Refresh again when it is less busy.',
}

/** By the message, for what the driver throws without a code. */
const messages: [string, Words][] = [
  [
    'does not support SSL',
    () =>
      'The server does not speak TLS. Switch TLS on there (ssl = on), or, if whoever is between may read along, set tlsMode to disable.',
  ],
  ['timeout', noAnswer],
  ['terminated', lost],
  ['SSL', lost],
  ['SASL', refusedUser],
]

/** What an operator can do about it. Nothing that the server said stands in it. */
export function explain(error: unknown, server: Server): string {
  if (error instanceof OutboundRefusedError) {
    return `${server.host} is no host that Gatehouse connects to: its name has to be known to the DNS, and all of its addresses have to be public. Check the parameter host; what lies in a private network is read by a connector agent, or opened by Gatehouse's operator (GATEHOUSE_OUTBOUND_ALLOW).`
  }
  if (error instanceof TooMuchError) return `${place(server)} sent far more than a list of what it has. Check that it is the right server.`
  if (error instanceof OutboundTimeoutError || (error instanceof Error && error.name === 'TimeoutError')) return noAnswer(server)
  const { code, message = '' } = error as { code?: unknown; message?: string }
  if (typeof code === 'string') {
    const known = Object.hasOwn(words, code) ? words[code] : undefined
    if (known) return known(server)
    if (/^[0-9A-Z]{5}$/.test(code)) return `${place(server)} refused with SQLSTATE ${code}. Its log says more.`
  }
  const said = messages.find(([text]) => message.includes(text))
  return said ? said[1](server) : `${place(server)} does not answer as a PostgreSQL server does. Check host, port and tlsMode.`
}
