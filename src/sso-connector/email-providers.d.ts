/** Domains of public mail providers, in lower case and ASCII form. */
declare module 'email-providers' {
  const domains: string[]
  export default domains
}
