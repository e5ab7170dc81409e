import { z } from 'zod'
import { uuid } from '../identifiers.ts'
import { operation, RawAnswer } from '../service.ts'
import { qualifier, reference, root } from './lambda.fields.ts'
import {
  aboutFunction,
  describeFunction,
  executedVersion,
  hasQualifier,
  latestFunction,
  locate,
  noSuchFunction,
  putFunction,
  refuse,
  visibleFunction,
} from './lambda.state.ts'

export const versionOperations = [
  operation({
    name: 'PublishVersion',
    http: { method: 'POST', path: `${root}/{FunctionName}/versions`, status: 201 },
    input: z.object(reference),
    resource: aboutFunction,
    handle(input, call) {
      const known = latestFunction(input, call)
      const published = { ...known, publishedVersions: known.publishedVersions + 1 }
      putFunction(call, published)
      return describeFunction(published, String(published.publishedVersions))
    },
  }),
  operation({
    name: 'CreateAlias',
    http: { method: 'POST', path: `${root}/{FunctionName}/aliases`, status: 201 },
    input: z.object({ ...reference, Name: qualifier, FunctionVersion: qualifier }),
    resource: aboutFunction,
    handle(input, call) {
      const known = latestFunction(input, call)
      const { Name, FunctionVersion } = input
      if (known.aliases.has(Name)) refuse('ResourceConflictException', `Alias already exists: ${known.arn}:${Name}`, 409)
      if (!hasQualifier(known, FunctionVersion)) noSuchFunction(`${known.arn}:${FunctionVersion}`)
      putFunction(call, { ...known, aliases: new Map([...known.aliases, [Name, FunctionVersion]]) })
      return { AliasArn: `${known.arn}:${Name}`, Name, FunctionVersion, RevisionId: uuid() }
    },
  }),
  operation({
    name: 'Invoke',
    http: { method: 'POST', path: `${root}/{FunctionName}/invocations`, hasPayload: true },
    action: 'lambda:InvokeFunction',
    input: z.object(reference),
    resource: aboutFunction,
    handle(input, call) {
      const found = visibleFunction(input, call)
      const kind = call.request.headers['x-amz-invocation-type'] ?? 'RequestResponse'
      if (kind === 'DryRun') return new RawAnswer({ status: 204, headers: {}, body: '' })
      if (kind === 'Event') return new RawAnswer({ status: 202, headers: {}, body: '' })
      if (kind !== 'RequestResponse') refuse('InvalidParameterValueException', `Unsupported invocation type: ${String(kind)}`, 400)
      const version = executedVersion(found, locate(input, call).qualifier)
      const event = call.request.body.toString('utf8')
      const headers = { 'content-type': 'application/json', 'x-amz-executed-version': version }
      return new RawAnswer({ status: 200, headers, body: found.respond?.(event) ?? (event === '' ? 'null' : event) })
    },
  }),
]
