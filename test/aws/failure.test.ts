import { failureSentence, failureStack } from '../../aws/failure';

describe('the sentence of a failure', () => {
  test('joins the messages of an error and its causes', () => {
    const error = new Error('issuing failed', { cause: new Error('throttled', { cause: 'too many' }) });

    expect(failureSentence(error)).toBe('issuing failed: throttled: too many');
  });

  test('does not repeat a cause that the error quotes', () => {
    const error = new Error('the secret cannot be read: no PEM', { cause: new Error('no PEM') });

    expect(failureSentence(error)).toBe('the secret cannot be read: no PEM');
  });

  test('names each error of several, and what caused it', () => {
    const errors = [new Error('no list of A', { cause: new Error('denied') }), new Error('no list of B')];

    expect(failureSentence(new AggregateError(errors, 'incomplete'))).toBe(
      'incomplete: no list of A: denied: no list of B',
    );
  });

  test('stays on one line', () => {
    expect(failureSentence(new Error('one\n  two\r\nthree'))).toBe('one two three');
  });

  test('names an error without a message', () => {
    expect(failureSentence(new TypeError())).toBe('TypeError');
  });

  test('ends for a chain of causes that bites its own tail', () => {
    const error = new Error('again');
    error.cause = error;

    expect(failureSentence(error)).toBe('again');
  });

  test('never holds PEM text, which may be a private key that a service quotes', () => {
    const error = new Error('Value \'{"privateKey":"-----BEGIN PRIVATE KEY-----\\nMIGH\' failed to satisfy constraint');

    expect(failureSentence(error)).toBe('Value \'{"privateKey":"(PEM text removed)');
    expect(failureStack(error)).not.toContain('MIGH');
  });
});
