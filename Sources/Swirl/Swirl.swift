/// The umbrella: `import Swirl` brings every public module.
@_exported import Agents
@_exported import Envs
@_exported import Language
@_exported import Policy
@_exported import Replay
@_exported import Runtime
@_exported import Tensors
@_exported import Viewer
