import { Component } from 'preact'
import type { FunctionComponent } from 'preact'

/** Draws again only when a prop is another object: the reducer keeps the identity of what did not change. */
export function memo<P extends object>(Inner: FunctionComponent<P>): FunctionComponent<P> {
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      return !isShallowEqual(this.props, next)
    }

    override render() {
      return <Inner {...this.props} />
    }
  }
  return Memo as unknown as FunctionComponent<P>
}

function isShallowEqual(left: object, right: object): boolean {
  const keys = Object.keys(left)
  if (keys.length !== Object.keys(right).length) return false
  return keys.every((key) => Reflect.get(left, key) === Reflect.get(right, key))
}
