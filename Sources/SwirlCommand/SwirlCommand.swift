// SwirlCommand
