#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

func fatalErrorLine(_ line: String) -> Never {
  _ = line.withCString { write(2, $0, strlen($0)) }
  fatalError(line)
}
