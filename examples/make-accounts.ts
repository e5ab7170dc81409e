import { randomInt } from 'node:crypto'

// npx tsx examples/make-accounts.ts 200 > accounts.csv: that many AWS accounts that nobody has, to try things out with the AWS stand-in.

const count = Number(process.argv[2] ?? 10)
if (!Number.isInteger(count) || count < 1 || count > 100_000) {
  console.error('npx tsx examples/make-accounts.ts [COUNT]   COUNT from 1 to 100000, default 10')
  process.exit(2)
}
const ids = new Set<string>()
while (ids.size < count) ids.add(String(randomInt(1, 1_000_000)).padStart(6, '0') + String(randomInt(0, 1_000_000)).padStart(6, '0'))
const rows = [...ids].map((id, index) => `${id},aws,Account ${index + 1}`)
console.log(['account id,partition,label', ...rows].join('\n'))
