import { createHash } from 'node:crypto'
import { z } from 'zod'
import { decodeMarker, encodeMarker, parseArn, uuid } from '../identifiers.ts'
import { operation } from '../service.ts'
import { functionName, reference, roleArn, root } from './lambda.fields.ts'
import {
  aboutFunction,
  describeFunction,
  functionsOf,
  type LambdaFunction,
  latestFunction,
  locate,
  putFunction,
  refuse,
  visibleFunction,
} from './lambda.state.ts'

const pageLimit = 50

export const functionOperations = [
  operation({
    name: 'CreateFunction',
    http: { method: 'POST', path: root, status: 201 },
    input: z.object({
      FunctionName: functionName,
      Runtime: z.string().optional(),
      Role: roleArn,
      Handler: z.string().max(128).optional(),
      Description: z.string().max(256).default(''),
      Code: z.object({ ZipFile: z.base64().optional(), ImageUri: z.string().optional(), S3Bucket: z.string().optional() }),
      Publish: z.boolean().default(false),
      Tags: z.record(z.string(), z.string()).default({}),
    }),
    resource: aboutFunction,
    handle(input, call) {
      const { name, arn } = locate(input, call)
      const isTaken = functionsOf(call.account, call.region).latest(name) !== undefined
      if (isTaken) refuse('ResourceConflictException', `Function already exist: ${name}`, 409)
      if (parseArn(input.Role)?.accountId !== call.account.id) {
        refuse('InvalidParameterValueException', 'Cross-account pass role is not allowed.', 400)
      }
      const code = Buffer.from(input.Code.ZipFile ?? '', 'base64')
      const made: LambdaFunction = {
        arn,
        name,
        runtime: input.Runtime,
        role: input.Role,
        handler: input.Handler,
        description: input.Description,
        codeSha256: createHash('sha256').update(code).digest('base64'),
        codeBytes: code.length,
        lastModifiedAt: new Date(call.nowMs),
        revisionId: uuid(),
        publishedVersions: input.Publish ? 1 : 0,
        aliases: new Map(),
        tags: input.Tags,
      }
      putFunction(call, made)
      return describeFunction(made, input.Publish ? '1' : undefined)
    },
  }),
  operation({
    name: 'GetFunction',
    http: { method: 'GET', path: `${root}/{FunctionName}` },
    input: z.object(reference),
    resource: aboutFunction,
    handle(input, call) {
      const found = visibleFunction(input, call)
      const Configuration = describeFunction(found, locate(input, call).qualifier)
      return { Configuration, Code: { RepositoryType: 'S3' }, Tags: found.tags }
    },
  }),
  operation({
    name: 'DeleteFunction',
    http: { method: 'DELETE', path: `${root}/{FunctionName}`, status: 204 },
    input: z.object(reference),
    resource: aboutFunction,
    handle: (input, call) => void functionsOf(call.account, call.region).delete(latestFunction(input, call).name),
  }),
  operation({
    name: 'ListFunctions',
    http: { method: 'GET', path: root },
    input: z.object({ MaxItems: z.coerce.number().int().min(1).max(10_000).default(pageLimit), Marker: z.string().optional() }),
    resource: 'none',
    handle({ MaxItems, Marker }, { account, region, nowMs }) {
      const { values, next } = functionsOf(account, region).page(nowMs, Math.min(MaxItems, pageLimit), decodeMarker(Marker))
      return { Functions: values.map((found) => describeFunction(found)), NextMarker: next && encodeMarker(next) }
    },
  }),
]
