import { generate } from 'selfsigned'

/** A server certificate and its key, as PEM. */
export interface Certificate {
  certificate: string
  key: string
}

let made: Promise<Certificate> | undefined

/** The certificate for 127.0.0.1 that every cluster of this process shows; it signs itself. */
export function serverCertificate(): Promise<Certificate> {
  made ??= generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: '127.0.0.1' },
          { type: 2, value: 'localhost' },
        ],
      },
    ],
  }).then(({ cert, private: key }) => ({ certificate: cert, key }))
  return made
}
