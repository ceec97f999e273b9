import { type DeclaredService, type ServiceRegistry, ServiceTakenError } from '../../registry/services';

/** Services that are registered by the rules of the registry, without their clients. */
export class MemoryServices implements Pick<ServiceRegistry, keyof ServiceRegistry> {
  readonly services = new Map<string, DeclaredService>();

  async register(service: DeclaredService, isUpdate: boolean): Promise<void> {
    const known = this.services.get(service.serviceName);
    const isOfStack = known?.declaredBy.split(' ')[0] === service.declaredBy.split(' ')[0];
    if (known !== undefined && known.declaredBy !== service.declaredBy && !(isUpdate && isOfStack)) {
      throw new ServiceTakenError(service.serviceName, known.declaredBy);
    }
    this.services.set(service.serviceName, service);
  }

  async remove(serviceName: string, declaredBy: string): Promise<boolean> {
    if (this.services.get(serviceName)?.declaredBy !== declaredBy) return false;
    return this.services.delete(serviceName);
  }
}
