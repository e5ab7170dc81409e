/** Why nothing can be read, in words that tell an operator what to do. Never what the other side said: it may repeat a secret. */
export class DiscoveryError extends Error {}
