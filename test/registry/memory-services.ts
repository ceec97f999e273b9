import type { RegistryService } from '../../registry/records';
import { type ServiceRegistry, ServiceTakenError } from '../../registry/services';

/** Services that are registered as in DynamoDB. */
export class MemoryServices implements Pick<ServiceRegistry, keyof ServiceRegistry> {
  readonly services = new Map<string, Omit<RegistryService, 'clientNames'>>();

  async register(service: Omit<RegistryService, 'clientNames'>): Promise<void> {
    const known = this.services.get(service.serviceName);
    if (known !== undefined && known.declaredBy !== service.declaredBy) {
      throw new ServiceTakenError(service.serviceName, known.declaredBy);
    }
    this.services.set(service.serviceName, service);
  }

  async remove(serviceName: string, declaredBy: string): Promise<boolean> {
    if (this.services.get(serviceName)?.declaredBy !== declaredBy) return false;
    return this.services.delete(serviceName);
  }
}
