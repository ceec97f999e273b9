import { accountIdIn } from '../../account';
import { AwsError } from '../../endpoint/api';
import type { IamService } from '../iam';
import type { LambdaService } from '.';

/** The functions of all accounts, as services invoke them: by their ARNs. */
export class FunctionsByArn {
  /** @param find the functions of an account. Undefined for an account that the sandbox doesn't have */
  constructor(private readonly find: (accountId: string) => LambdaService | undefined) {}

  /** As `LambdaService.invoke`. */
  async invoke(functionArn: string, event: unknown): Promise<unknown> {
    return this.of(functionArn).invoke(functionArn, event);
  }

  /** As `LambdaService.invokeAsynchronously`. */
  async invokeAsynchronously(functionArn: string, event: unknown): Promise<void> {
    await this.of(functionArn).invokeAsynchronously(functionArn, event);
  }

  /** As `LambdaService.assertMayInvoke`. */
  assertMayInvoke(functionArn: string, principalService: string, sourceArn: string): void {
    this.of(functionArn).assertMayInvoke(functionArn, principalService, sourceArn);
  }

  /** @throws AccessDenied unless the policies of the principal, and for another account that of the function, allow it */
  authorizeInvocation(functionArn: string, iam: Pick<IamService, 'authorize'>, principalArn: string): void {
    const policy = this.of(functionArn).policyOf(functionArn);
    iam.authorize(principalArn, 'lambda:InvokeFunction', functionArn, {}, policy, accountIdIn(functionArn));
  }

  /** The log of the function, oldest line first. Empty in the eyes of another account. */
  logLines(functionArn: string, readingAccount: string): readonly string[] {
    return accountIdIn(functionArn) === readingAccount ? this.of(functionArn).logLines(functionArn) : [];
  }

  /** @throws AwsError `ResourceNotFoundException` for an account that the sandbox doesn't have */
  private of(functionArn: string): LambdaService {
    const functions = this.find(accountIdIn(functionArn));
    if (functions !== undefined) return functions;
    throw new AwsError('ResourceNotFoundException', `Function not found: ${functionArn}`, 404);
  }
}
