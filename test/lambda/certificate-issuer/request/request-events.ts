/** ARN that Lambda gives of the role `MailApp` when a session of it calls. */
export const MAIL_SESSION = 'arn:aws:sts::111122223333:assumed-role/MailApp/i-0123456789abcdef0';

/** What Lambda hands to a function behind a URL. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
export function urlEvent(body: string | undefined, userArn: unknown = MAIL_SESSION, changes: object = {}) {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: '/',
    rawQueryString: '',
    headers: { 'content-type': 'application/json', host: 'abcdefg.lambda-url.eu-central-1.on.aws' },
    requestContext: {
      accountId: '111122223333',
      apiId: 'abcdefg',
      authorizer: {
        iam: {
          accessKey: 'ASIAEXAMPLE',
          accountId: '111122223333',
          callerId: 'AROAEXAMPLE:i-0123456789abcdef0',
          cognitoIdentity: null,
          principalOrgId: null,
          userArn,
          userId: 'AROAEXAMPLE:i-0123456789abcdef0',
        },
      },
      domainName: 'abcdefg.lambda-url.eu-central-1.on.aws',
      domainPrefix: 'abcdefg',
      http: { method: 'POST', path: '/', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
      requestId: '7a6b5c4d-1111-4222-8333-944455556666',
      routeKey: '$default',
      stage: '$default',
      time: '22/Nov/2026:12:00:00 +0000',
      timeEpoch: 1_795_348_800_000,
    },
    body,
    isBase64Encoded: false,
    ...changes,
  };
}
