import SwirlCommand

SwirlMain.run()
