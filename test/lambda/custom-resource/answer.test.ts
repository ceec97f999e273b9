import fc from 'fast-check';
import { answerBody, MAX_ANSWER_BYTES, shorten } from '../../../lambda/custom-resource/answer';
import { createRequest } from './requests';

const request = createRequest();
const LOGS = '/aws/lambda/issuer, stream 2026/11/22/[$LATEST]0123456789abcdef';

/** Text with everything that JSON escapes or UTF-8 widens, unpaired surrogates included. */
const anyText = fc.string({ unit: 'binary', maxLength: 3000 });
const unpairedSurrogates = fc
  .array(fc.constantFrom('\ud800', '\udc00', '😀', 'é', '"', '\u0000', 'a'), { maxLength: 1500 })
  .map((units) => units.join(''));

describe('an answer to CloudFormation', () => {
  test('carries the identifiers verbatim', () => {
    const body = JSON.parse(
      answerBody(request, { status: 'SUCCESS', physicalResourceId: 'thing', attributes: { Name: 'value' } }, LOGS),
    );

    expect(body).toEqual({
      Status: 'SUCCESS',
      PhysicalResourceId: 'thing',
      StackId: request.stackId,
      RequestId: request.requestId,
      LogicalResourceId: request.logicalResourceId,
      Data: { Name: 'value' },
    });
  });

  test('tells a failure and where its logs are', () => {
    const body = JSON.parse(answerBody(request, { status: 'FAILED', physicalResourceId: 'thing', reason: 'no' }, LOGS));

    expect(body).toMatchObject({ Status: 'FAILED', Reason: `no (logs: ${LOGS})` });
    expect(body).not.toHaveProperty('Data');
  });

  test('becomes a failure when the attributes do not fit', () => {
    const attributes = { Chain: 'x'.repeat(MAX_ANSWER_BYTES) };

    const body = answerBody(request, { status: 'SUCCESS', physicalResourceId: 'thing', attributes }, LOGS);

    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
    expect(JSON.parse(body)).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'thing' });
    expect(JSON.parse(body).Reason).toMatch(/the response has \d+ bytes, and CloudFormation accepts 4096/);
  });

  test('may take exactly as many bytes as CloudFormation reads', () => {
    const withAttribute = (length: number) =>
      answerBody(
        request,
        { status: 'SUCCESS', physicalResourceId: 'thing', attributes: { A: 'x'.repeat(length) } },
        LOGS,
      );
    const room = MAX_ANSWER_BYTES - Buffer.byteLength(withAttribute(0));

    expect(JSON.parse(withAttribute(room)).Status).toBe('SUCCESS');
    expect(JSON.parse(withAttribute(room + 1)).Status).toBe('FAILED');
  });

  test.each([
    ['any text', anyText],
    ['unpaired surrogates', unpairedSurrogates],
  ])('fits and ends with the place of the logs, whatever the reason is: %s', (_name, texts) => {
    fc.assert(
      fc.property(texts, fc.string({ maxLength: 1024 }), (text, physicalResourceId) => {
        const body = answerBody(request, { status: 'FAILED', physicalResourceId, reason: text.repeat(3) }, LOGS);

        expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
        expect(JSON.parse(body).Reason.endsWith(`(logs: ${LOGS})`)).toBe(true);
      }),
    );
  });
});

describe('a shortened text', () => {
  const inJson = (text: string) => Buffer.byteLength(JSON.stringify(text)) - 2;

  test('is the same text when there is room', () => {
    fc.assert(fc.property(anyText, (text) => shorten(text, inJson(text)) === text));
  });

  test('takes no more room than there is, and is cut between code points', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, unpairedSurrogates), fc.nat(200), (text, room) => {
        const short = shorten(text, room);

        expect(inJson(short)).toBeLessThanOrEqual(room);
        const kept = [...short.replace(/…$/, '')];
        expect([...text].slice(0, kept.length)).toEqual(kept);
      }),
    );
  });

  test('wastes less than one code point', () => {
    expect(shorten('éééé', 7)).toBe('éé…');
    expect(shorten('😀😀', 7)).toBe('😀…');
    expect(shorten('😀😀', 6)).toBe('…');
    expect(shorten('""""', 7)).toBe('""…');
    expect(shorten('aaaa', 2)).toBe('');
  });
});
