module example.com/mesh-programs

go 1.25
