import type { Todo } from '../../session/model.ts'
import { Icon } from '../components/Icon.tsx'

const marks = {
  pending: { icon: 'circle-large-outline', text: 'To do' },
  in_progress: { icon: 'arrow-circle-right', text: 'In progress' },
  completed: { icon: 'pass', text: 'Done' },
  cancelled: { icon: 'circle-slash', text: 'Cancelled' },
} as const

export function TodoList({ todos }: { readonly todos: readonly Todo[] }) {
  return (
    <ul class="todos">
      {todos.map((todo, index) => (
        <li key={index} class={`todo ${todo.status}`}>
          <Icon name={marks[todo.status].icon} />
          <span dir="auto">{todo.content}</span>
          <span class="visually-hidden">{marks[todo.status].text}</span>
        </li>
      ))}
    </ul>
  )
}
