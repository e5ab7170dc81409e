import { z } from 'zod'

export const root = '/2015-03-31/functions'
export const functionName = z
  .string()
  .min(1)
  .max(170)
  .regex(/^(arn:aws(-us-gov)?:lambda:[a-z0-9-]+:\d{12}:function:|\d{12}:function:|function:)?[\w-]+(:(\$LATEST|[\w-]+))?$/)
export const qualifier = z
  .string()
  .max(128)
  .regex(/^(\$LATEST|[\w-]+)$/)
export const roleArn = z.string().regex(/^arn:aws(-us-gov)?:iam::\d{12}:role\/[\w+=,.@/-]+$/)
export const reference = { FunctionName: functionName, Qualifier: qualifier.optional() }
