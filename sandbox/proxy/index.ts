export { type DelayOptions, type DelayProxy, startDelayProxy } from './delay.ts'
export { type HttpProxy, type HttpProxyOptions, type ProxyEntry, startHttpProxy } from './http.ts'
