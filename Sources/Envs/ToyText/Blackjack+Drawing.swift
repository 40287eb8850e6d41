extension Blackjack {
  public func draw(into scene: inout Scene, after action: Int?) {
    scene.show(x: 0...6, y: 0...4, isUpright: false, background: Scene.Color(0x2e7d4f))
    scene.stepsPerSecond = 2
    scene.arc(
      at: [3, -5.2], radius: 7.2, start: 0.9, sweep: 1.35,
      .init(Scene.Color.white.faded(0.25), width: 0.04))
    scene.text(
      "dealer stands on 17", at: [3, 2.0],
      .init(Scene.Color.white.faded(0.55), size: 0.19))

    // Sticking lets the dealer play, who then shows all cards.
    let isRevealed = action == 0
    let bust = Scene.Color(0xffb4a8)
    scene.text("dealer", at: [0.35, 0.45], .init(.white, size: 0.26, anchor: .start))
    scene.text(
      isRevealed ? "\(dealer.value)" : "\(card == 1 ? "ace" : "\(card)") shows",
      at: [0.35, 0.85],
      .init(
        isRevealed && dealer.value > 21 ? bust : .white, size: isRevealed ? 0.5 : 0.26,
        anchor: .start, isBold: true))
    Self.hand(
      dealer.count, faces: isRevealed ? dealer.count : 1, first: card, top: 0.3, into: &scene)
    scene.text("player", at: [0.35, 2.75], .init(.white, size: 0.26, anchor: .start))
    scene.text(
      "\(player.value)", at: [0.35, 3.2],
      .init(player.value > 21 ? bust : .white, size: 0.5, anchor: .start, isBold: true))
    if player.value > 21 {
      scene.text("bust", at: [0.35, 3.65], .init(bust, size: 0.26, anchor: .start))
    } else if player.isSoft {
      scene.text("usable ace", at: [0.35, 3.65], .init(.yellow, size: 0.22, anchor: .start))
    }
    Self.hand(
      player.count, faces: player.count, first: player.hasAce ? 1 : nil, top: 2.4, into: &scene)
    if isRevealed {
      let reward = reward(
        playerValue: player.value, playerIsNatural: player.isNatural, dealerValue: dealer.value,
        dealerIsNatural: dealer.isNatural)
      scene.text(
        reward > 0 ? "won" : reward < 0 ? "lost" : "draw", at: [5.75, 2.0],
        .init(reward > 0 ? .yellow : .white, size: 0.34, anchor: .end, isBold: true))
    }
  }

  /// Cards in a fan. A hand is its sum and no more, so that only a card whose value is known shows it.
  private static func hand(
    _ count: Int, faces: Int, first: Int?, top: Double, into scene: inout Scene
  ) {
    let gap = min(1.02, 3.1 / Double(max(count - 1, 1)))
    for index in 0..<count {
      let corner = Scene.Point(1.85 + gap * Double(index), top)
      scene.roundBox(
        corner, corner + [0.92, 1.32], radius: 0.09, fill: index < faces ? .white : .blue,
        line: .init(Scene.Color(0x1d5235), width: 0.025))
      if index >= faces {
        scene.roundBox(
          corner + [0.1, 0.1], corner + [0.82, 1.22], radius: 0.05, fill: nil,
          line: .init(.sky, width: 0.03))
        for line in 0..<4 {
          let y = 0.3 + 0.24 * Double(line)
          scene.polyline(
            [corner + [0.2, y], corner + [0.72, y]], .init(.sky, width: 0.03))
        }
      } else if index == 0, let first {
        let name = first == 1 ? "A" : "\(first)"
        scene.text(name, at: corner + [0.24, 0.22], .init(.ink, size: 0.25, isBold: true))
        scene.spade(at: corner + [0.46, 0.68], size: 0.5, .ink)
      } else {
        scene.spade(at: corner + [0.46, 0.66], size: 0.3, Scene.Color(0xc3cad1))
      }
    }
  }
}

extension Scene {
  fileprivate mutating func spade(at place: Point, size: Double, _ color: Color) {
    moved(by: .init(shift: place, scale: size)) { scene in
      for side in [-1.0, 1] {
        scene.circle(at: [side * 0.21, 0.12], radius: 0.22, fill: color)
      }
      scene.polygon([[0, -0.5], [0.41, 0.05], [0, 0.3], [-0.41, 0.05]], fill: color)
      scene.polygon([[0, 0.1], [0.14, 0.5], [-0.14, 0.5]], fill: color)
    }
  }
}
