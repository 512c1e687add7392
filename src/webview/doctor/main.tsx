import '../styles/base.css'
import './doctor.css'
import { render } from 'preact'
import type { DoctorAct, DoctorMessage } from '../../protocol/doctor.ts'
import { DoctorPage } from './DoctorPage.tsx'

declare function acquireVsCodeApi(): { postMessage(message: unknown): void }

const api = acquireVsCodeApi()
const act = (wanted: DoctorAct): void => api.postMessage({ act: wanted })
const root = document.getElementById('root')

window.addEventListener('message', ({ data }: MessageEvent<DoctorMessage>) => {
  if (root) render(<DoctorPage state={data.state} act={act} />, root)
})
act('ready')
